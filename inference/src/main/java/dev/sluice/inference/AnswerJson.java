package dev.sluice.inference;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Parses the usage fields in the answers of model servers. An answer is never refused for its
 * usage: if a usage cannot be parsed, it counts as absent.
 */
final class AnswerJson {
  private static final JsonFactory FACTORY = new JsonFactory();

  /**
   * The usage that one event of a stream carries. Anthropic's first event carries a {@code start}:
   * the tokens of the prompt, before the output is known. {@code usageOnly} says that the event has
   * a usage and no choices, so that nothing else is in it.
   */
  record Event(Optional<Usage> usage, Optional<Usage> start, boolean usageOnly) {
    static final Event NOTHING = new Event(Optional.empty(), Optional.empty(), false);
  }

  private AnswerJson() {}

  /**
   * Reads the usage of an event. It is a top-level field, a field of {@code response} in the
   * Responses API, or a field of {@code message} in Anthropic's API.
   */
  static Event event(byte[] json, int offset, int length) {
    try (var parser = parser(json, offset, length)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return Event.NOTHING;
      }
      Usage usage = null;
      Usage start = null;
      boolean isUsageNamed = false;
      boolean hasMore = false;
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        var name = parser.currentName();
        var value = parser.nextToken();
        if (holdsUsage(name) && value == JsonToken.START_OBJECT) {
          var found = usageObject(parser);
          usage = found == null || (isUsageNamed && !name.equals("usage")) ? usage : found;
          isUsageNamed |= name.equals("usage");
        } else if (name.equals("response") && value == JsonToken.START_OBJECT) {
          var inner = usageInside(parser);
          usage = inner == null ? usage : inner;
        } else if (name.equals("message") && value == JsonToken.START_OBJECT) {
          start = usageInside(parser);
        } else if (name.equals("choices") && value == JsonToken.START_ARRAY) {
          hasMore |= parser.nextToken() != JsonToken.END_ARRAY;
          skipToEndOfArray(parser);
        } else {
          hasMore |= name.equals("error");
          parser.skipChildren();
        }
      }
      return new Event(
          Optional.ofNullable(usage),
          Optional.ofNullable(start),
          usage != null && isUsageNamed && !hasMore);
    } catch (JacksonException notUnderstood) {
      return Event.NOTHING;
    }
  }

  /**
   * Whether an object of this name tells the usage: OpenAI's and Anthropic's, SGLang's, Text
   * Generation Inference's, or llama.cpp's.
   */
  private static boolean holdsUsage(String name) {
    return switch (name) {
      case "usage", "meta_info", "details", "timings" -> true;
      default -> false;
    };
  }

  /** Reads the usage from a usage object alone. */
  static Optional<Usage> usage(byte[] json, int offset, int length) {
    try (var parser = parser(json, offset, length)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return Optional.empty();
      }
      return Optional.ofNullable(usageObject(parser));
    } catch (JacksonException notUnderstood) {
      return Optional.empty();
    }
  }

  private static JsonParser parser(byte[] json, int offset, int length) {
    return FACTORY.createParser(ObjectReadContext.empty(), json, offset, length);
  }

  private static @Nullable Usage usageInside(JsonParser parser) {
    Usage usage = null;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      boolean isUsage = parser.currentName().equals("usage");
      if (parser.nextToken() == JsonToken.START_OBJECT && isUsage) {
        usage = usageObject(parser);
      } else {
        parser.skipChildren();
      }
    }
    return usage;
  }

  /**
   * Reads the usage object at the parser's position; null if it has no token count. Anthropic and
   * llama.cpp count cached tokens apart from the other tokens of the prompt.
   */
  private static @Nullable Usage usageObject(JsonParser parser) {
    long prompt = -1;
    long completion = -1;
    long total = -1;
    long cached = 0;
    long apart = 0;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      var value = parser.nextToken();
      switch (name) {
        case "prompt_tokens", "input_tokens", "input_length", "prompt_n" ->
            prompt = count(parser, value, prompt);
        case "completion_tokens", "output_tokens", "generated_tokens", "predicted_n" ->
            completion = count(parser, value, completion);
        case "total_tokens" -> total = count(parser, value, total);
        case "cached_tokens" -> cached = count(parser, value, cached);
        case "cache_read_input_tokens", "cache_n" -> {
          cached = count(parser, value, 0);
          apart += cached;
        }
        case "cache_creation_input_tokens" -> apart += count(parser, value, 0);
        case "prompt_tokens_details", "input_tokens_details" -> {
          if (value == JsonToken.START_OBJECT) {
            cached = cachedTokens(parser);
          } else {
            parser.skipChildren();
          }
        }
        default -> parser.skipChildren();
      }
    }
    if (prompt < 0 && completion < 0) {
      return null;
    }
    prompt = prompt < 0 ? 0 : prompt + apart;
    completion = Math.max(0, completion);
    return new Usage(prompt, completion, total < 0 ? prompt + completion : total, cached);
  }

  private static long cachedTokens(JsonParser parser) {
    long cached = 0;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      boolean isCached = parser.currentName().equals("cached_tokens");
      var value = parser.nextToken();
      if (isCached) {
        cached = count(parser, value, cached);
      } else {
        parser.skipChildren();
      }
    }
    return cached;
  }

  /** Reads a count; {@code otherwise} if the value is not a whole number from 0 to 2^48. */
  private static long count(JsonParser parser, JsonToken value, long otherwise) {
    if (value != JsonToken.VALUE_NUMBER_INT) {
      parser.skipChildren();
      return otherwise;
    }
    if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      return otherwise;
    }
    long count = parser.getLongValue();
    return count < 0 || count > 1L << 48 ? otherwise : count;
  }

  private static void skipToEndOfArray(JsonParser parser) {
    while (parser.currentToken() != JsonToken.END_ARRAY) {
      parser.skipChildren();
      parser.nextToken();
    }
  }
}
