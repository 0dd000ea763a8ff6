"""Makes one call with the OpenAI SDK for Python, and prints the result as one line of JSON.

usage: client.py BASE_URL API_KEY SCENARIO MODEL MAX_TOKENS
"""

import json
import sys
import time

import openai

MESSAGES = [{"role": "user", "content": "Say something."}]


def usage_of(usage):
    return {"inputTokens": usage.prompt_tokens, "outputTokens": usage.completion_tokens}


def chat(client, model, tokens):
    answer = client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=tokens)
    choice = answer.choices[0]
    return {"text": choice.message.content, "finish": choice.finish_reason} | usage_of(answer.usage)


def chat_stream(client, model, tokens):
    started = time.monotonic()
    texts, times, last = [], [], {}
    with client.chat.completions.create(
        model=model,
        messages=MESSAGES,
        max_tokens=tokens,
        stream=True,
        stream_options={"include_usage": True},
    ) as stream:
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                texts.append(chunk.choices[0].delta.content)
                times.append(round((time.monotonic() - started) * 1000))
            if chunk.choices and chunk.choices[0].finish_reason:
                last["finish"] = chunk.choices[0].finish_reason
            if chunk.usage:
                last |= usage_of(chunk.usage)
    return {"text": "".join(texts), "times": times} | last


def abandon(client, model, tokens):
    chunks = 0
    with client.chat.completions.create(
        model=model, messages=MESSAGES, max_tokens=tokens, stream=True
    ) as stream:
        for _ in stream:
            chunks += 1
            if chunks == 2:
                break
    return {"chunks": chunks}


def completion(client, model, tokens):
    answer = client.completions.create(model=model, prompt="Say something.", max_tokens=tokens)
    return {"text": answer.choices[0].text, "finish": answer.choices[0].finish_reason} | usage_of(
        answer.usage
    )


def response(client, model, tokens):
    answer = client.responses.create(model=model, input="Say something.", max_output_tokens=tokens)
    return {
        "text": answer.output_text,
        "inputTokens": answer.usage.input_tokens,
        "outputTokens": answer.usage.output_tokens,
    }


def response_stream(client, model, tokens):
    texts, last = [], {}
    for event in client.responses.create(
        model=model, input="Say something.", max_output_tokens=tokens, stream=True
    ):
        if event.type == "response.output_text.delta":
            texts.append(event.delta)
        if event.type == "response.completed":
            last["outputTokens"] = event.response.usage.output_tokens
    return {"text": "".join(texts)} | last


def embedding(client, model, tokens):
    answer = client.embeddings.create(model=model, input="something", encoding_format="float")
    return {"dimensions": len(answer.data[0].embedding)}


def models(client, model, tokens):
    return {"ids": sorted(known.id for known in client.models.list())}


SCENARIOS = {
    "chat": chat,
    "chat-stream": chat_stream,
    "abandon": abandon,
    "completion": completion,
    "response": response,
    "response-stream": response_stream,
    "embedding": embedding,
    "models": models,
}


def main():
    base_url, key, scenario, model, tokens = sys.argv[1:]
    client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=30)
    try:
        result = SCENARIOS[scenario](client, model, int(tokens))
    except openai.APIStatusError as error:
        result = {
            "exception": type(error).__name__,
            "status": error.status_code,
            "code": error.code,
            "type": error.type,
            "message": error.message,
            "retryAfter": error.response.headers.get("retry-after"),
        }
    print(json.dumps(result))


main()
