"""How the mock endpoint hears and speaks each dialect; written from the vendors' documents,
apart from workers/llm/providers. A dialect has: read(body) -> model, prompt, schema or None;
write(number, model, content, tokens_in, tokens_out) -> the reply; key(headers) -> the key. One
that does not chat has say(body) -> the content, and uses no words of the mock's own."""
import base64
import hashlib
import json
import math
import re
import struct
import time

MARK = "JSON Schema:\n"


def schema_in(prompt):
    """The schema that stands in the prompt, for endpoints that are told by words alone."""
    at = prompt.find(MARK)
    return json.JSONDecoder().raw_decode(prompt, at + len(MARK))[0] if at >= 0 else None


def text_of(content):
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def bearer(headers):
    return headers.get("Authorization", "").removeprefix("Bearer ")


class Chat:
    key = staticmethod(bearer)

    @staticmethod
    def read(body):
        prompt = "".join(text_of(m["content"]) + "\n" for m in body["messages"])
        form = body.get("response_format") or {}
        schema = form["json_schema"]["schema"] if form.get("type") == "json_schema" else None
        if body.get("tools"):
            schema = body["tools"][0]["function"]["parameters"]
        return body["model"], prompt, schema or schema_in(prompt)

    @staticmethod
    def write(number, model, content, tokens_in, tokens_out):
        message = {"role": "assistant", "content": content, "refusal": None}
        return {"id": f"chatcmpl-mock-{number}", "object": "chat.completion",
                "created": int(time.time()), "model": model,
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out,
                          "total_tokens": tokens_in + tokens_out}}


class Azure(Chat):
    @staticmethod
    def key(headers):
        return headers.get("api-key", "")


class Completions:
    key = staticmethod(bearer)

    @staticmethod
    def read(body):
        assert "messages" not in body
        return body["model"], body["prompt"], schema_in(body["prompt"])

    @staticmethod
    def write(number, model, content, tokens_in, tokens_out):
        return {"id": f"cmpl-mock-{number}", "object": "text_completion", "model": model,
                "choices": [{"index": 0, "text": content, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}}


class Responses:
    key = staticmethod(bearer)

    @staticmethod
    def read(body):
        prompt = body.get("instructions", "") + "\n"
        prompt += "".join(text_of(m["content"]) + "\n" for m in body["input"])
        form = (body.get("text") or {}).get("format") or {}
        return body["model"], prompt, form.get("schema") or schema_in(prompt)

    @staticmethod
    def write(number, model, content, tokens_in, tokens_out):
        part = {"type": "output_text", "text": content, "annotations": []}
        return {"id": f"resp_mock_{number}", "object": "response", "status": "completed",
                "model": model, "output": [
                    {"type": "reasoning", "id": "rs_1", "summary": []},
                    {"type": "message", "role": "assistant", "content": [part]}],
                "usage": {"input_tokens": tokens_in, "output_tokens": tokens_out}}


class Anthropic:
    @staticmethod
    def key(headers):
        return headers.get("x-api-key", "") if headers.get("anthropic-version") else ""

    @staticmethod
    def read(body):
        assert body["max_tokens"] > 0 and 0 <= body.get("temperature", 1) <= 1
        prompt = body.get("system", "") + "\n"
        prompt += "".join(text_of(m["content"]) + "\n" for m in body["messages"])
        form = (body.get("output_config") or {}).get("format") or {}
        tools = body.get("tools") or [{}]
        schema = form.get("schema") or tools[0].get("input_schema")
        return body["model"], prompt, schema or schema_in(prompt)

    @staticmethod
    def write(number, model, content, tokens_in, tokens_out):
        return {"id": f"msg_mock_{number}", "type": "message", "role": "assistant",
                "model": model, "content": [{"type": "text", "text": content}],
                "stop_reason": "end_turn", "stop_sequence": None,
                "usage": {"input_tokens": tokens_in - 1, "cache_read_input_tokens": 1,
                          "cache_creation_input_tokens": 0, "output_tokens": tokens_out}}


class Gemini:
    @staticmethod
    def key(headers):
        return headers.get("x-goog-api-key", "")

    @staticmethod
    def read(body):
        turns = [body.get("systemInstruction") or {"parts": []}, *body["contents"]]
        prompt = "".join(text_of(turn["parts"]) + "\n" for turn in turns)
        schema = body["generationConfig"].get("responseJsonSchema")
        return "", prompt, schema or schema_in(prompt)

    @staticmethod
    def write(number, model, content, tokens_in, tokens_out):
        parts = [{"text": "hm", "thought": True}, {"text": content}]
        return {"candidates": [{"content": {"role": "model", "parts": parts},
                                "finishReason": "STOP", "index": 0}],
                "usageMetadata": {"promptTokenCount": tokens_in,
                                  "candidatesTokenCount": tokens_out - 1,
                                  "thoughtsTokenCount": 1},
                "modelVersion": model, "responseId": f"mock-{number}"}


def unit_vector(text, dimensions):
    """The sum of a direction for each word, one long."""
    total = [0.0] * dimensions
    for word in re.findall(r"\w+", text.lower()):
        seed = hashlib.sha256(word.encode()).digest()
        for i in range(dimensions):
            total[i] += hashlib.sha256(seed + i.to_bytes(4, "little")).digest()[0] - 127.5
    length = math.sqrt(sum(x * x for x in total))
    return [x / length for x in total] if length else [1.0] + total[1:]


class Embeddings:
    key = staticmethod(bearer)

    @staticmethod
    def read(body):
        assert len(body["input"]) == 1 and "messages" not in body
        return body["model"], body["input"][0], None

    @staticmethod
    def say(body):
        vector = unit_vector(body["input"][0], body.get("dimensions", 16))
        if body.get("encoding_format") != "base64":
            return vector
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

    @staticmethod
    def write(number, model, content, tokens_in, tokens_out):
        return {"object": "list", "model": model,
                "data": [{"object": "embedding", "index": 0, "embedding": content}],
                "usage": {"prompt_tokens": tokens_in, "total_tokens": tokens_in}}


class Moderations:
    key = staticmethod(bearer)
    LISTED = {"hate": "hatred", "harassment": "idiot", "violence": "slaughter"}

    @staticmethod
    def read(body):
        assert isinstance(body["input"], str) and "messages" not in body
        return body["model"], body["input"], None

    @staticmethod
    def say(body):
        words = set(re.findall(r"\w+", body["input"].lower()))
        return {name: word in words for name, word in Moderations.LISTED.items()}

    @staticmethod
    def write(number, model, content, tokens_in, tokens_out):
        return {"id": f"modr-mock-{number}", "model": model, "results": [{
            "flagged": any(content.values()), "categories": content,
            "category_scores": {k: 0.9 if v else 0.001 for k, v in content.items()}}]}


ROUTES = {"/v1/chat/completions": Chat, "/v1/completions": Completions,
          "/v1/responses": Responses, "/v1/messages": Anthropic,
          "/v1beta/models/{model}:generateContent": Gemini,
          "/v1beta/models/{model}:streamGenerateContent": Gemini,
          "/v1/embeddings": Embeddings, "/v1/moderations": Moderations,
          "/azure/openai/v1/chat/completions": Azure,
          "/azure/openai/deployments/{model}/chat/completions": Azure}
