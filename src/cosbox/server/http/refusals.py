"""What the front answers by itself: COS error documents, as the app's own are."""

from cosbox.protocol.answers import refuse
from cosbox.protocol.errors import Refusal
from cosbox.server.http.heads import Tails, answer_head
from cosbox.server.request_ids import new_request_id, new_trace_id


def refusal_answer(
    refusal: Refusal, *, path: bytes, tails: Tails, head_only: bool, keep_alive: bool = False
) -> bytes:
    """A whole answer, head and body, that carries a refusal.

    Args:
        refusal: why.
        path: the request's, or b"" where it could not be read; the document's Resource.
        tails: of this second.
        head_only: the request was HEAD, so the document stays unsent.
        keep_alive: whether the connection stays open.
    """
    request_id = new_request_id()
    answer = refuse(
        refusal,
        resource=path.decode("ascii", "replace"),
        request_id=request_id,
        trace_id=new_trace_id(),
    )
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    headers.append((b"x-cos-request-id", request_id.encode()))
    head = answer_head(
        answer.status,
        headers,
        tails=tails,
        keep_alive=keep_alive,
        head_only=head_only,
        whole=len(answer.body),
    )
    return head.data if head_only else head.data + answer.body
