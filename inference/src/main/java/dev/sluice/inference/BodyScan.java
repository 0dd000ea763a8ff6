package dev.sluice.inference;

import static dev.sluice.inference.ScanResult.ABOVE_MAXIMUM;
import static dev.sluice.inference.ScanResult.BELOW_MINIMUM;
import static dev.sluice.inference.ScanResult.DUPLICATE_PARAMETER;
import static dev.sluice.inference.ScanResult.INVALID_JSON;
import static dev.sluice.inference.ScanResult.INVALID_VALUE;
import static dev.sluice.inference.ScanResult.MISSING_PARAMETER;

import dev.sluice.inference.ScanResult.Invalid;
import dev.sluice.inference.ScanResult.Ok;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonParser.NumberType;
import tools.jackson.core.JsonToken;

/**
 * One scan of one request body. A method that reads a value returns false after it has set {@link
 * #fault}; {@link ScanFaults} words the faults.
 *
 * <p>Of all strings, only the model's name is decoded. The parser skips any other string when the
 * next token is asked for. So the size of a string is known from the place where the next token
 * starts.
 *
 * <p>This class is long because one object holds the whole state of a scan. Every request is
 * scanned, and a scan allocates this object and the parser but nothing for each field.
 */
final class BodyScan {
  private static final long NOT_OPEN = -1;

  private final ApiKind kind;
  private final ScanLimits limits;
  private final JsonParser parser;
  private final long bodyBytes;

  private @Nullable Invalid fault;

  /** The name of the field that is being read, for messages. */
  private String field = "";

  /** The top-level fields read so far, one bit for each. */
  private int seen;

  private String model = "";
  private boolean stream;
  private long maxTokens;
  private long maxCompletionTokens;
  private int choices = 1;
  private int prompts = 1;
  private long promptBytes;
  private long promptTokenIds;
  private int mediaParts;
  private long mediaBytes;
  private boolean hasPrompt;

  /** The start of a top-level prompt string that the parser has not skipped yet. */
  private long openPrompt = NOT_OPEN;

  private boolean includeUsage;
  private BodySplice usageSplice = BodySplice.NONE;

  BodyScan(ApiKind kind, ScanLimits limits, JsonParser parser, long bodyBytes) {
    this.kind = kind;
    this.limits = limits;
    this.parser = parser;
    this.bodyBytes = bodyBytes;
  }

  ScanResult run() {
    try {
      if (!readBody()) {
        return fault == null
            ? new Invalid("The request body is not valid.", "", INVALID_JSON)
            : fault;
      }
    } catch (JacksonException e) {
      return ScanFaults.unreadable(e, field.length() <= limits.maxModelChars() ? field : "");
    }
    return new Ok(
        new RequestScan(
            kind,
            model,
            stream,
            includeUsage,
            maxCompletionTokens > 0 ? maxCompletionTokens : maxTokens,
            choices,
            prompts,
            promptBytes,
            promptTokenIds,
            mediaParts,
            mediaBytes,
            bodyBytes,
            usageSplice));
  }

  private boolean readBody() {
    var first = parser.nextToken();
    if (first == null) {
      return fail("The request body is empty; a JSON object is needed.", "", INVALID_JSON);
    }
    if (first != JsonToken.START_OBJECT) {
      fault = ScanFaults.notAnObject(first);
      return false;
    }
    if (kind.usageIsOptIn()) {
      usageSplice =
          new BodySplice(tokenStart() + 1, 0, "\"stream_options\":{\"include_usage\":true},");
    }
    while (nextTokenAfterPrompt() == JsonToken.PROPERTY_NAME) {
      field = parser.currentName();
      if (!readField(field, parser.nextToken())) {
        return false;
      }
    }
    field = "";
    if (parser.nextToken() != null) {
      fault = ScanFaults.moreAfterTheObject(parser);
      return false;
    }
    return hasAllNeeded();
  }

  private @Nullable JsonToken nextTokenAfterPrompt() {
    var token = parser.nextToken();
    if (openPrompt != NOT_OPEN) {
      promptBytes += sizeSince(openPrompt, token);
      openPrompt = NOT_OPEN;
    }
    return token;
  }

  private boolean readField(String name, JsonToken value) {
    return switch (name) {
      case "model" -> once(1) && readModel(value);
      case "stream" -> once(1 << 1) && readStream(value);
      case "stream_options" -> once(1 << 2) && readStreamOptions(value);
      case "n" -> once(1 << 3) && readChoices(value);
      case "max_tokens" ->
          kind == ApiKind.CHAT_COMPLETIONS || kind == ApiKind.COMPLETIONS
              ? once(1 << 4) && readMaxTokens(value)
              : skip();
      case "max_output_tokens" ->
          kind == ApiKind.RESPONSES ? once(1 << 5) && readMaxTokens(value) : skip();
      case "max_completion_tokens" ->
          kind == ApiKind.CHAT_COMPLETIONS
              ? once(1 << 6) && readMaxCompletionTokens(value)
              : skip();
      case "messages" ->
          kind == ApiKind.CHAT_COMPLETIONS || kind == ApiKind.EMBEDDINGS
              ? once(1 << 7) && readMessages(value)
              : skip();
      case "prompt" ->
          kind == ApiKind.COMPLETIONS ? once(1 << 8) && readPrompt(value, true) : skip();
      case "input" ->
          kind == ApiKind.EMBEDDINGS || kind == ApiKind.RESPONSES
              ? once(1 << 9) && readPrompt(value, kind == ApiKind.EMBEDDINGS)
              : skip();
      case "prompt_embeds" ->
          kind == ApiKind.COMPLETIONS ? once(1 << 10) && readPromptEmbeds(value) : skip();
      case "instructions" ->
          kind == ApiKind.RESPONSES ? once(1 << 11) && readContext(value) : skip();
      case "tools" ->
          kind == ApiKind.CHAT_COMPLETIONS || kind == ApiKind.RESPONSES
              ? once(1 << 12) && readContext(value)
              : skip();
      default -> skip();
    };
  }

  private boolean once(int bit) {
    if ((seen & bit) != 0) {
      return fail("'" + field + "' is given twice.", field, DUPLICATE_PARAMETER);
    }
    seen |= bit;
    return true;
  }

  private boolean skip() {
    parser.skipChildren();
    return true;
  }

  private boolean readModel(JsonToken value) {
    if (value == JsonToken.VALUE_NULL) {
      return true;
    }
    if (value != JsonToken.VALUE_STRING) {
      return wrongType("a string", value);
    }
    model = parser.getString();
    if (model.length() > limits.maxModelChars()) {
      return fail(
          "'model' is longer than " + limits.maxModelChars() + " characters.",
          field,
          INVALID_VALUE);
    }
    if (model.isBlank()) {
      return fail("'model' is blank.", field, INVALID_VALUE);
    }
    return true;
  }

  private boolean readStream(JsonToken value) {
    if (!value.isBoolean() && value != JsonToken.VALUE_NULL) {
      return wrongType("a boolean", value);
    }
    stream = value == JsonToken.VALUE_TRUE && kind.generates();
    return true;
  }

  private boolean readStreamOptions(JsonToken value) {
    boolean editable = kind.usageIsOptIn();
    if (value == JsonToken.VALUE_NULL) {
      if (editable) {
        usageSplice = new BodySplice(tokenStart(), 4, "{\"include_usage\":true}");
      }
      return true;
    }
    if (value != JsonToken.START_OBJECT) {
      return wrongType("an object", value);
    }
    long inside = tokenStart() + 1;
    boolean found = false;
    boolean empty = true;
    boolean inEachEvent = false;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      empty = false;
      var name = parser.currentName();
      boolean isUsage = name.equals("include_usage");
      var option = parser.nextToken();
      if (!isUsage) {
        inEachEvent |=
            name.equals("continuous_usage_stats")
                && option != JsonToken.VALUE_FALSE
                && option != JsonToken.VALUE_NULL;
        parser.skipChildren();
        continue;
      }
      field = "stream_options.include_usage";
      if (found) {
        return fail("'" + field + "' is given twice.", field, DUPLICATE_PARAMETER);
      }
      found = true;
      if (!option.isBoolean() && option != JsonToken.VALUE_NULL) {
        return wrongType("a boolean", option);
      }
      includeUsage = option == JsonToken.VALUE_TRUE && editable;
      if (editable) {
        usageSplice =
            includeUsage
                ? BodySplice.NONE
                : new BodySplice(tokenStart(), option.asString().length(), "true");
      }
    }
    if (!found && editable) {
      usageSplice = new BodySplice(inside, 0, "\"include_usage\":true" + (empty ? "" : ","));
    }
    if (inEachEvent && !includeUsage) {
      // vLLM ignores continuous_usage_stats without include_usage. If the splice added
      // include_usage, every event would carry a usage, and the client did not ask for that.
      usageSplice = BodySplice.NONE;
    }
    return true;
  }

  private boolean readChoices(JsonToken value) {
    long count = readCount(value, limits.maxChoices());
    choices = count > 0 ? (int) count : 1;
    return fault == null;
  }

  private boolean readMaxTokens(JsonToken value) {
    maxTokens = readCount(value, limits.maxOutputTokens());
    return fault == null;
  }

  private boolean readMaxCompletionTokens(JsonToken value) {
    maxCompletionTokens = readCount(value, limits.maxOutputTokens());
    return fault == null;
  }

  /** Reads a whole number from 1 to {@code most}. Returns 0 for null and after a fault. */
  private long readCount(JsonToken value, long most) {
    if (value == JsonToken.VALUE_NULL) {
      return 0;
    }
    if (value != JsonToken.VALUE_NUMBER_INT) {
      fault = ScanFaults.wrongType(field, "an integer", value);
      return 0;
    }
    boolean huge = parser.getNumberType() == NumberType.BIG_INTEGER;
    boolean negative = huge ? parser.getBigIntegerValue().signum() < 0 : parser.getLongValue() < 1;
    if (negative) {
      fault = new Invalid("'" + field + "' must be at least 1.", field, BELOW_MINIMUM);
      return 0;
    }
    if (huge || parser.getLongValue() > most) {
      fault = new Invalid("'" + field + "' must be at most " + most + ".", field, ABOVE_MAXIMUM);
      return 0;
    }
    return parser.getLongValue();
  }

  private boolean readMessages(JsonToken value) {
    if (value == JsonToken.VALUE_NULL) {
      return true;
    }
    if (value != JsonToken.START_ARRAY) {
      return wrongType("an array", value);
    }
    hasPrompt = true;
    readStructure(false);
    return true;
  }

  private boolean readPrompt(JsonToken value, boolean severalAllowed) {
    if (value == JsonToken.VALUE_NULL) {
      return true;
    }
    if (value != JsonToken.VALUE_STRING && value != JsonToken.START_ARRAY) {
      return wrongType("a string or an array", value);
    }
    hasPrompt = true;
    if (value == JsonToken.VALUE_STRING) {
      openPrompt = tokenStart();
    } else {
      readStructure(severalAllowed);
    }
    return true;
  }

  private boolean readPromptEmbeds(JsonToken value) {
    if (value != JsonToken.VALUE_NULL) {
      hasPrompt = true;
      mediaParts++;
    }
    return skip();
  }

  /**
   * Reads an optional field whose text becomes part of the prompt. The scan does not check the
   * type: the model server does.
   */
  private boolean readContext(JsonToken value) {
    if (value == JsonToken.VALUE_STRING) {
      openPrompt = tokenStart();
    } else if (value.isStructStart()) {
      readStructure(false);
    }
    return true;
  }

  /**
   * Measures the array or object at the parser's position. If the field may hold a list of prompts,
   * the elements are counted: an array of numbers is one prompt of token ids; an array of strings
   * or of arrays is one prompt for each element.
   */
  private void readStructure(boolean mayBeList) {
    long start = tokenStart();
    int depth = 1;
    int elements = 0;
    long ids = 0;
    int media = 0;
    long mediaSize = 0;
    long openMedia = NOT_OPEN;
    boolean mediaNext = false;
    while (depth > 0) {
      var token = parser.nextToken();
      if (openMedia != NOT_OPEN) {
        mediaSize += sizeSince(openMedia, token);
        openMedia = NOT_OPEN;
      }
      if (token == JsonToken.PROPERTY_NAME) {
        mediaNext = namesMedia(parser.currentName());
        continue;
      }
      if (token.isStructEnd()) {
        depth--;
      } else if (token.isStructStart()) {
        elements += depth == 1 ? 1 : 0;
        depth++;
      } else if (token == JsonToken.VALUE_STRING) {
        elements += depth == 1 ? 1 : 0;
        if (mediaNext) {
          openMedia = tokenStart();
          media++;
        }
      } else if (token == JsonToken.VALUE_NUMBER_INT) {
        ids++;
      }
      mediaNext = false;
    }
    long size = tokenStart() + 1 - start;
    mediaParts += media;
    mediaBytes += mediaSize;
    if (mayBeList && ids > 0) {
      promptTokenIds += ids;
    } else {
      promptBytes += size - mediaSize;
    }
    if (mayBeList) {
      prompts = Math.max(1, elements);
    }
  }

  /** Whether a content part holds, or refers to, media under this name. */
  private static boolean namesMedia(String name) {
    return switch (name) {
      case "url", "data", "file_data", "image_url", "audio_url", "video_url", "file_url" -> true;
      default -> false;
    };
  }

  private boolean hasAllNeeded() {
    if (model.isEmpty()) {
      return missing("model");
    }
    if (!hasPrompt) {
      return missing(
          switch (kind) {
            case CHAT_COMPLETIONS -> "messages";
            case COMPLETIONS -> "prompt";
            case EMBEDDINGS, RESPONSES -> "input";
          });
    }
    return true;
  }

  private long tokenStart() {
    return parser.currentTokenLocation().getByteOffset();
  }

  /** The size of the string that starts at {@code start}; the parser is at the token after it. */
  private long sizeSince(long start, @Nullable JsonToken next) {
    int comma = next != null && next.isStructEnd() ? 0 : 1;
    return tokenStart() - start - comma;
  }

  private boolean missing(String name) {
    return fail("Missing required parameter: '" + name + "'.", name, MISSING_PARAMETER);
  }

  private boolean wrongType(String wanted, JsonToken given) {
    fault = ScanFaults.wrongType(field, wanted, given);
    return false;
  }

  private boolean fail(String message, String param, String code) {
    fault = new Invalid(message, param, code);
    return false;
  }
}
