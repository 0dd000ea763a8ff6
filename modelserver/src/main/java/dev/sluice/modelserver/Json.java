package dev.sluice.modelserver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonFactory;

/** Reads the bodies of requests, and writes the bodies and events of answers. Stateless. */
final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final int EMBEDDING_SIZE = 16;

  private Json() {}

  /** The content of a request, as far as it matters here; {@code maxTokens} is 0 if not given. */
  record Ask(
      String model,
      int promptTokens,
      int maxTokens,
      boolean stream,
      boolean includeUsage,
      boolean base64) {}

  /** Reads a request. Each four characters of the prompt count as a token. */
  static Ask read(byte[] body) {
    String model = "";
    long chars = 0;
    int max = 0;
    boolean stream = false;
    boolean usage = false;
    boolean base64 = false;
    int depth = 0;
    boolean inPrompt = false;
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), body)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        String name = parser.currentName();
        name = name == null ? "" : name;
        if (token.isStructStart()) {
          depth++;
        } else if (token.isStructEnd()) {
          depth--;
        } else if (token == JsonToken.PROPERTY_NAME) {
          if (depth == 1) {
            inPrompt = name.equals("messages") || name.equals("prompt") || name.equals("input");
          }
        } else if (token == JsonToken.VALUE_STRING) {
          if (depth == 1 && name.equals("model")) {
            model = parser.getString();
          } else if (depth == 1 && name.equals("encoding_format")) {
            base64 = parser.getString().equals("base64");
          } else if (inPrompt && !name.equals("role") && !name.equals("type")) {
            chars += parser.getString().length();
          }
        } else if (token == JsonToken.VALUE_NUMBER_INT && depth == 1) {
          if (name.equals("max_tokens")
              || name.equals("max_completion_tokens")
              || name.equals("max_output_tokens")) {
            max = Math.max(0, parser.getIntValue());
          }
        } else if (token == JsonToken.VALUE_TRUE) {
          stream |= depth == 1 && name.equals("stream");
          usage |= depth == 2 && name.equals("include_usage");
        }
      }
    }
    return new Ask(model, (int) Math.max(1, (chars + 3) / 4), max, stream, usage, base64);
  }

  /** The list of models and adapters. */
  static String models(List<String> names, List<Adapter> adapters) {
    var entries = new ArrayList<String>();
    for (var name : names) {
      entries.add("{\"object\":\"model\",\"id\":" + quote(name) + "}");
    }
    for (var adapter : adapters) {
      entries.add(
          "{\"object\":\"model\",\"id\":"
              + quote(adapter.name())
              + ",\"parent\":"
              + quote(adapter.model())
              + "}");
    }
    return "{\"object\":\"list\",\"data\":[" + String.join(",", entries) + "]}";
  }

  /** An error body. */
  static String error(String message) {
    return "{\"error\":{\"message\":" + quote(message) + ",\"type\":\"server_error\"}}";
  }

  /** The event of one generated token. */
  static String token(Api api, Ask ask, String text, int index, boolean last) {
    return switch (api) {
      case CHAT ->
          data(
              head("chat.completion.chunk", ask)
                  + ",\"choices\":[{\"index\":0,\"delta\":{"
                  + (index == 0 ? "\"role\":\"assistant\"," : "")
                  + "\"content\":"
                  + quote(text)
                  + "},\"finish_reason\":"
                  + finish(last)
                  + "}]}");
      case COMPLETION ->
          data(
              head("text_completion", ask)
                  + ",\"choices\":[{\"index\":0,\"text\":"
                  + quote(text)
                  + ",\"logprobs\":null,\"finish_reason\":"
                  + finish(last)
                  + "}]}");
      case RESPONSE ->
          event(
              "response.output_text.delta",
              "\"item_id\":\"msg_sim\",\"output_index\":0,\"content_index\":0,\"logprobs\":[],\"delta\":"
                  + quote(text),
              index + 1);
      case EMBEDDING -> throw new IllegalArgumentException("embeddings are not streamed");
    };
  }

  /** The event before the first token of a stream; empty if this API has none. */
  static String opening(Api api, Ask ask) {
    return api == Api.RESPONSE
        ? event("response.created", "\"response\":" + response(ask, "in_progress", "", 0), 0)
        : "";
  }

  /** The events after the last token of a stream. */
  static String closing(Api api, Ask ask, String text, int tokens) {
    if (api == Api.RESPONSE) {
      var whole = "\"response\":" + response(ask, "completed", text, tokens);
      return event("response.completed", whole, tokens + 1);
    }
    var usage =
        ask.includeUsage()
            ? data(
                head(api == Api.CHAT ? "chat.completion.chunk" : "text_completion", ask)
                    + ",\"choices\":[]"
                    + usage(ask.promptTokens(), tokens)
                    + "}")
            : "";
    return usage + data("[DONE]");
  }

  /** The answer to a request that did not ask for a stream. */
  static String whole(Api api, Ask ask, String text, int tokens) {
    return switch (api) {
      case CHAT ->
          head("chat.completion", ask)
              + ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
              + quote(text)
              + ",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"length\"}]"
              + usage(ask.promptTokens(), tokens)
              + "}";
      case COMPLETION ->
          head("text_completion", ask)
              + ",\"choices\":[{\"index\":0,\"text\":"
              + quote(text)
              + ",\"logprobs\":null,\"finish_reason\":\"length\"}]"
              + usage(ask.promptTokens(), tokens)
              + "}";
      case RESPONSE -> response(ask, "completed", text, tokens);
      case EMBEDDING ->
          "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":"
              + embedding(ask)
              + "}],\"model\":"
              + quote(ask.model())
              + ",\"usage\":{\"prompt_tokens\":"
              + ask.promptTokens()
              + ",\"total_tokens\":"
              + ask.promptTokens()
              + "}}";
    };
  }

  /** The embedding of a prompt: a vector that depends on the prompt's length only. */
  private static String embedding(Ask ask) {
    var vector = new float[EMBEDDING_SIZE];
    for (var i = 0; i < vector.length; i++) {
      vector[i] = 1f / (ask.promptTokens() + i);
    }
    if (ask.base64()) {
      var bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(vector);
      return quote(Base64.getEncoder().encodeToString(bytes.array()));
    }
    return Arrays.toString(vector);
  }

  private static String response(Ask ask, String status, String text, int tokens) {
    var message =
        status.equals("completed")
            ? "{\"type\":\"message\",\"id\":\"msg_sim\",\"status\":\"completed\",\"role\":\"assistant\","
                + "\"content\":[{\"type\":\"output_text\",\"annotations\":[],\"text\":"
                + quote(text)
                + "}]}"
            : "";
    return "{\"id\":\"resp_sim\",\"object\":\"response\",\"created_at\":1700000000,\"status\":"
        + quote(status)
        + ",\"error\":null,\"incomplete_details\":null,\"instructions\":null,\"metadata\":{},"
        + "\"parallel_tool_calls\":true,\"temperature\":1.0,\"top_p\":1.0,\"tool_choice\":\"auto\","
        + "\"tools\":[],\"model\":"
        + quote(ask.model())
        + ",\"output\":["
        + message
        + "],\"usage\":{\"input_tokens\":"
        + ask.promptTokens()
        + ",\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":"
        + tokens
        + ",\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":"
        + (ask.promptTokens() + tokens)
        + "}}";
  }

  private static String head(String object, Ask ask) {
    return "{\"id\":\"sim\",\"object\":\""
        + object
        + "\",\"created\":1700000000,\"model\":"
        + quote(ask.model());
  }

  private static String usage(int prompt, int output) {
    return ",\"usage\":{\"prompt_tokens\":"
        + prompt
        + ",\"completion_tokens\":"
        + output
        + ",\"total_tokens\":"
        + (prompt + output)
        + "}";
  }

  private static String finish(boolean last) {
    return last ? "\"length\"" : "null";
  }

  private static String data(String json) {
    return "data: " + json + "\n\n";
  }

  private static String event(String type, String fields, int number) {
    return "event: "
        + type
        + "\ndata: {\"type\":\""
        + type
        + "\",\"sequence_number\":"
        + number
        + ","
        + fields
        + "}\n\n";
  }

  private static String quote(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsCharArray(text)) + '"';
  }
}
