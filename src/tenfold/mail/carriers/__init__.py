"""Who carries mail and text messages: a mail server, a service, or this installation's outbox."""

from tenfold.mail.carriers.carrier import Busy, Carrier, Parcel, Refused
from tenfold.mail.carriers.chosen import mail_carrier, text_carrier

__all__ = ["Busy", "Carrier", "Parcel", "Refused", "mail_carrier", "text_carrier"]
