"""What every answer tells browsers: to run and load nothing that is not ours, and to stay safe."""

from __future__ import annotations

from tenfold.kernel.settings import Settings

REPORTS = "/v1/csp-reports"
"""Where browsers report what they were told not to run or load."""
_TWO_YEARS = 63_072_000
_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "script-src-attr": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
    "report-uri": REPORTS,
}
# What no page of ours asks a browser for. Passkeys are not named: pages may have them by default.
_NEVER = (
    "accelerometer",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": ", ".join(f"{name}=()" for name in _NEVER),
}


def secure(settings: Settings) -> bool:
    """Whether people reach this installation by https."""
    return settings.address.startswith("https://")


def headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    """The headers of every answer."""
    sources, told = dict(_SOURCES), dict(_ALWAYS)
    if secure(settings):
        # Browsers take the newer way of reporting only from pages by https, and then it alone.
        sources["report-to"] = "csp"
        told["reporting-endpoints"] = f'csp="{REPORTS}"'
        below = "; includeSubDomains" if settings.hsts_subdomains else ""
        told["strict-transport-security"] = f"max-age={_TWO_YEARS}{below}"
    told["content-security-policy"] = "; ".join(f"{name} {of}" for name, of in sources.items())
    return [(name.encode(), value.encode()) for name, value in told.items()]
