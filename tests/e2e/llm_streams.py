"""How the mock endpoint streams in each dialect; written from the vendors' documents, apart from
workers/llm/providers. stream(reply, pieces) makes the events of the reply that write() of
llm_dialects.py would give whole: pairs of a type (or None) and a value, "[DONE]" among them."""
import json

import llm_dialects

OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "code": "overloaded_error",
                                         "message": "Overloaded (mock)"}}


def chat(reply, pieces, include_usage):
    head = {**reply, "object": "chat.completion.chunk"}
    usage = head.pop("usage")

    def chunk(delta, finish=None):
        return None, {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces:
        yield chunk({"content": piece})
    yield chunk({}, "stop")
    if include_usage:
        yield None, {**head, "choices": [], "usage": usage}
    yield None, "[DONE]"


def completions(reply, pieces, include_usage):
    head = dict(reply)
    usage = head.pop("usage")
    for i, piece in enumerate(pieces):
        last = i == len(pieces) - 1
        choice = {"index": 0, "text": piece, "finish_reason": "stop" if last else None}
        yield None, {**head, "choices": [choice], "usage": None}
    if include_usage:
        yield None, {**head, "choices": [], "usage": usage}
    yield None, "[DONE]"


def responses(reply, pieces, _):
    begun = {**reply, "status": "in_progress", "output": [], "usage": None, "error": None}
    events = [("response.created", {"response": begun})]
    events += [("response.output_text.delta", {"delta": piece, "item_id": "i"})
               for piece in pieces]
    events.append(("response.output_text.done", {"text": "".join(pieces)}))
    events.append(("response.completed", {"response": {**reply, "error": None}}))
    for number, (kind, body) in enumerate(events):
        yield kind, {"type": kind, "sequence_number": number, **body}


def anthropic(reply, pieces, _):
    begun = {**reply, "content": [], "stop_reason": None,
             "usage": {**reply["usage"], "output_tokens": 1}}
    events = [("message_start", {"message": begun}),
              ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
              ("ping", {})]
    events += [("content_block_delta",
                {"index": 0, "delta": {"type": "text_delta", "text": piece}}) for piece in pieces]
    events += [("content_block_stop", {"index": 0}),
               ("message_delta", {"delta": {"stop_reason": "end_turn", "stop_sequence": None},
                                  "usage": {"output_tokens": reply["usage"]["output_tokens"]}}),
               ("message_stop", {})]
    for kind, body in events:
        yield kind, {"type": kind, **body}


def gemini(reply, pieces, _):
    for i, piece in enumerate(pieces):
        parts = [{"text": "hm", "thought": True}] if i == 0 else []
        candidate = {"index": 0, "content": {"role": "model", "parts": [*parts, {"text": piece}]}}
        if i == len(pieces) - 1:
            candidate["finishReason"] = "STOP"
        yield None, {**reply, "candidates": [candidate]}


STREAMS = {llm_dialects.Chat: chat, llm_dialects.Azure: chat,
           llm_dialects.Completions: completions, llm_dialects.Responses: responses,
           llm_dialects.Anthropic: anthropic, llm_dialects.Gemini: gemini}


def encode(kind, value, ascii_only, end):
    data = value if isinstance(value, str) else json.dumps(value, ensure_ascii=ascii_only)
    lines = ([f"event: {kind}"] if kind else []) + [f"data: {data}", "", ""]
    return end.join(lines).encode()


def events(dialect, reply, content, rng, include_usage):
    """The events of a reply as bytes, one item each; comments and line ends vary."""
    size = rng.randint(1, 9)
    pieces = [content[i:i + size] for i in range(0, len(content), size)]
    end, ascii_only = rng.choice(["\n", "\r\n", "\r"]), rng.random() < 0.5
    yield rng.choice([b"", b": keep-alive\n\n", b"\xef\xbb\xbf"])
    for kind, value in STREAMS[dialect](reply, pieces, include_usage):
        yield encode(kind, value, ascii_only, end)
