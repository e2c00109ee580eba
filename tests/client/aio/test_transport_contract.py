"""The proofs of the sync transport, of the async one: the same requests, faults and limits."""

from client.transports import test_curl_failures, test_curl_limits, test_curl_wire

NOT_SO = {
    # Of the sync transport alone: it may be used from threads and by children, and its two kinds
    # of answers have connections of their own.
    "test_a_child_cannot_go_on_with_a_body_of_its_parent",
    "test_a_child_uses_the_transport_of_its_parent",
    "test_a_chunked_answer",
    "test_connections_are_used_again",
    # Tests that cannot be done through a loop in another thread; test_async_transport.py does them.
    "test_after_close",
    "test_what_a_body_raises_comes_out",
}
FIXTURES = {"full"}

globals().update(
    {
        name: value
        for module in (test_curl_failures, test_curl_limits, test_curl_wire)
        for name, value in vars(module).items()
        if (name.startswith("test_") and name not in NOT_SO) or name in FIXTURES
    }
)
