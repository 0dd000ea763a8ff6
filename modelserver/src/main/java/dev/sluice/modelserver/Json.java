package dev.sluice.modelserver;

import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonFactory;

/** The bodies that the model server reads and writes. */
final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();

  private Json() {}

  /** What a request asks for; {@code maxTokens} is 0 when it names no limit. */
  record Ask(String model, int promptTokens, int maxTokens, boolean stream, boolean includeUsage) {}

  static Ask read(byte[] body) {
    String model = "";
    long chars = 0;
    int max = 0;
    boolean stream = false;
    boolean usage = false;
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
            inPrompt = name.equals("messages") || name.equals("prompt");
          }
        } else if (token == JsonToken.VALUE_STRING) {
          if (depth == 1 && name.equals("model")) {
            model = parser.getString();
          } else if (inPrompt && !name.equals("role") && !name.equals("type")) {
            chars += parser.getString().length();
          }
        } else if (token == JsonToken.VALUE_NUMBER_INT && depth == 1) {
          if (name.equals("max_tokens") || name.equals("max_completion_tokens")) {
            max = Math.max(0, parser.getIntValue());
          }
        } else if (token == JsonToken.VALUE_TRUE) {
          stream |= depth == 1 && name.equals("stream");
          usage |= depth == 2 && name.equals("include_usage");
        }
      }
    }
    return new Ask(model, (int) Math.max(1, (chars + 3) / 4), max, stream, usage);
  }

  static String models(List<String> names) {
    StringBuilder out = new StringBuilder("{\"object\":\"list\",\"data\":[");
    String separator = "";
    for (String name : names) {
      out.append(separator).append("{\"object\":\"model\",\"id\":").append(quote(name)).append('}');
      separator = ",";
    }
    return out.append("]}").toString();
  }

  static String error(String message) {
    return "{\"error\":{\"message\":" + quote(message) + ",\"type\":\"server_error\"}}";
  }

  static String chunk(boolean chat, String model, String text, boolean last) {
    String part = chat ? "\"delta\":{\"content\":" + quote(text) + "}" : "\"text\":" + quote(text);
    return head(chat ? "chat.completion.chunk" : "text_completion", model)
        + ",\"choices\":[{\"index\":0,"
        + part
        + ",\"finish_reason\":"
        + (last ? "\"length\"" : "null")
        + "}]}";
  }

  static String usageChunk(boolean chat, String model, int prompt, int output) {
    return head(chat ? "chat.completion.chunk" : "text_completion", model)
        + ",\"choices\":[]"
        + usage(prompt, output)
        + "}";
  }

  static String whole(boolean chat, String model, String text, int prompt, int output) {
    String part =
        chat
            ? "\"message\":{\"role\":\"assistant\",\"content\":" + quote(text) + "}"
            : "\"text\":" + quote(text);
    return head(chat ? "chat.completion" : "text_completion", model)
        + ",\"choices\":[{\"index\":0,"
        + part
        + ",\"finish_reason\":\"length\"}]"
        + usage(prompt, output)
        + "}";
  }

  private static String head(String object, String model) {
    return "{\"id\":\"sim\",\"object\":\"" + object + "\",\"created\":0,\"model\":" + quote(model);
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

  private static String quote(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsCharArray(text)) + '"';
  }
}
