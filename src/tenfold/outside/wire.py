"""One request on a connection of its own, to network addresses that were checked before."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

import httpcore
import httpx

from tenfold.outside.targets import OutsideError, Target, Terms


class Pinned(httpcore.AsyncNetworkBackend):
    """Connects to the addresses it was made for and to nothing else, whatever the name is.

    The name stays what TLS checks the certificate against and what the Host header says.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses
        self._network = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - it was resolved and checked before
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """The first of the addresses that answers."""
        failed: Exception = httpcore.ConnectError()
        for address in self._addresses:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


@asynccontextmanager
async def sent(
    target: Target, request: httpx.Request, terms: Terms, tls: ssl.SSLContext
) -> AsyncGenerator[httpcore.Response]:
    """The answer's head, and its body as long as the block lasts; raises OutsideError."""
    times = {
        "connect": terms.connect_seconds,
        "read": terms.seconds,
        "write": terms.seconds,
        "pool": terms.seconds,
    }
    url = httpcore.URL(
        scheme=target.url.raw_scheme,
        host=target.url.raw_host,
        port=target.url.port,
        target=target.url.raw_path,
    )
    async with httpcore.AsyncConnectionPool(
        ssl_context=tls, max_connections=1, network_backend=Pinned(target.addresses)
    ) as pool:
        asked = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=request.stream,
            extensions={"timeout": times},
        )
        with told():
            answer = await pool.handle_async_request(asked)
        try:
            yield answer
        finally:
            await answer.aclose()


@contextmanager
def told() -> Generator[None]:
    """What goes wrong on the way as OutsideError: what a person may read, nothing of ours."""
    try:
        yield
    except httpcore.ConnectError as error:
        if any(isinstance(one, ssl.SSLCertVerificationError) for one in _causes(error)):
            raise OutsideError("has no certificate that can be trusted") from None
        raise OutsideError("can't be reached") from None
    except httpcore.TimeoutException:
        raise OutsideError("did not answer in time") from None
    except (httpcore.NetworkError, httpcore.ProtocolError):
        raise OutsideError("did not answer as a web server does") from None


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause := cause.__cause__ or cause.__context__:
        yield cause
