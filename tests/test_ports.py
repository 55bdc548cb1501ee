"""Ports that servers of tests may leave and come back to."""

from __future__ import annotations

import socket

from twisted.trial.unittest import SynchronousTestCase

from tests import ports


class LastingTests(SynchronousTestCase):
    """Ports which the system gives to nobody."""

    def test_out_of_the_systems_reach(self) -> None:
        """They lie below those it chooses by itself, for whoever asks for any."""
        found = {ports.lasting_port() for _ in range(50)}
        self.assertLess(max(found), ports.first_of_the_system())
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.assertNotIn(server.getsockname()[1], found)

    def test_free(self) -> None:
        """One with a server is not free, one whose server has ended is, whatever its connections."""
        port = ports.lasting_port()
        with socket.create_server(("127.0.0.1", port)) as server:
            self.assertFalse(ports.is_free(port))
            with socket.create_connection(("127.0.0.1", port)) as client:
                accepted, _ = server.accept()
                accepted.close()
                self.assertEqual(client.recv(1), b"")
        self.assertTrue(ports.is_free(port))

    def test_taken_ones_are_passed_over(self) -> None:
        """It tries until one is free."""
        answers = [False, False, True]
        self.patch(ports, "is_free", lambda port: answers.pop(0))
        ports.lasting_port()
        self.assertEqual(answers, [])
