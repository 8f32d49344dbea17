"""AWS Secrets Manager: one secret whose text is a JSON object with a field for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, unquote

import msgspec

from tenfold.outside.secrets.asking import SECONDS, package, steps, unread


class SecretsManager:
    """Asked with what AWS's own chain finds: the environment, a profile, the machine's role."""

    def __init__(self, region: str, name: str) -> None:
        boto3, known = package("boto3", "aws"), package("botocore.exceptions", "aws")
        self._failures = (known.BotoCoreError, known.ClientError)
        patience = package("botocore.config", "aws").Config(
            connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 2}
        )
        self._where, self._name = f"AWS Secrets Manager in {region}", name
        session = boto3.session.Session()  # the shared one would keep credentials for good
        self._client: Any = session.client("secretsmanager", region_name=region, config=patience)

    @classmethod
    def of(cls, place: SplitResult) -> SecretsManager:
        """That of `aws://region/secret-id`; the id may be an ARN."""
        steps(place, 1, "aws://region/secret-id")
        return cls(place.netloc, unquote(place.path[1:]))

    def read(self) -> Mapping[str, str]:
        """The fields of the secret's current version."""
        try:
            text: str = self._client.get_secret_value(SecretId=self._name)["SecretString"]
            return msgspec.json.decode(text, type=dict[str, str])
        except self._failures as error:
            raise unread(self._where, _why(error)) from None
        except (KeyError, msgspec.DecodeError):
            takes = "the secret is no JSON object with a text for each name"
            raise unread(self._where, takes) from None


def _why(error: Any) -> str:
    code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    known = {
        "ResourceNotFoundException": "there is no such secret",
        "AccessDeniedException": "these credentials may not read it",
        "UnrecognizedClientException": "it refuses these credentials",
        "ExpiredTokenException": "these credentials have expired",
    }
    if type(error).__name__ == "NoCredentialsError":
        return "there are no credentials for AWS"
    return known.get(code, f"it answers {code}" if code else "it does not answer")
