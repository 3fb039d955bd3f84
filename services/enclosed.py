"""Enclosed: a program that listens on every interface, run where only this machine reaches it."""

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

HOST = "127.0.0.1"
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_BYTES = 1 << 16


class CannotEnclose(Exception):
    """This user may not make a network of its own."""


class Enclosure:
    """A network of its own for programs started in it; chosen ports lead in and out, on the loopback alone.

    A thread that never leaves it makes the sockets inside.
    """

    def __init__(self) -> None:
        """Raises CannotEnclose."""
        self._inside = ThreadPoolExecutor(1, "enclosure")
        self._doors: list[socket.socket] = []
        try:
            self._inside.submit(_leave_the_network).result()
        except (OSError, subprocess.CalledProcessError) as error:
            self._inside.shutdown()
            raise CannotEnclose(str(error)) from error

    def close(self) -> None:
        """Closes the doors; programs inside go on alone."""
        for door in self._doors:
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)  # wakes who waits for a connection
            door.close()
        self._inside.shutdown()

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """The program, inside."""
        return self._inside.submit(subprocess.Popen, list(command), **options).result()

    def lead_in(self, port: int) -> None:
        """From this port of the loopback out here to the same one inside."""
        door = _listening(port)
        self._open(door, lambda: self._inside.submit(_connected, port).result())

    def lead_out(self, port: int) -> None:
        """From this port of the loopback inside to the same one out here."""
        door = self._inside.submit(_listening, port).result()
        self._open(door, lambda: _connected(port))

    def _open(self, door: socket.socket, connect: Callable[[], socket.socket]) -> None:
        self._doors.append(door)
        threading.Thread(target=_let_through, args=(door, connect), daemon=True).start()


def _leave_the_network() -> None:
    """Of this thread alone: the process stays where it is."""
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True, capture_output=True)


def _listening(port: int) -> socket.socket:
    return socket.create_server((HOST, port))


def _connected(port: int) -> socket.socket:
    return socket.create_connection((HOST, port))


def _let_through(door: socket.socket, connect: Callable[[], socket.socket]) -> None:
    while True:
        try:
            here, _ = door.accept()
        except OSError:  # it is closed
            return
        try:
            there = connect()
        except OSError:  # nobody listens there now
            here.close()
            continue
        for one, other in ((here, there), (there, here)):
            threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(_BYTES):
            other.sendall(data)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
