"""Whether the port is free before anything is started, and who holds it when it isn't."""

from __future__ import annotations

import errno
import socket

import psutil


def port_free(host: str, port: int) -> str:
    """Empty when a server may listen there, else a sentence that says why not and what to do."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        return f"HOST={host} is no address of this machine: {error.strerror}."
    for family, kind, protocol, _, address in found:
        with socket.socket(family, kind, protocol) as probe:
            # As servers do, so that a port which was closed a moment ago counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
                probe.listen(1)
            except OSError as error:
                return _why(host, port, error)
    return ""


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by {_holder(port)}; end it, or choose another: PORT={port + 1}"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs the rights of root; choose one above 1023, such as PORT=8000"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST={host} is no address of this machine; choose 127.0.0.1 or 0.0.0.0."
    return f"Nothing can listen on {host} port {port}: {error.strerror}."


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            here = connection.laddr
            if connection.status == psutil.CONN_LISTEN and here and here.port == port:
                if connection.pid is None:
                    break
                name = psutil.Process(connection.pid).name()
                return f"{name} (process {connection.pid})"
    except (psutil.AccessDenied, psutil.NoSuchProcess):  # macOS tells only root
        pass
    return "another program"
