package dev.sluice.inference;

import static dev.sluice.inference.ScanResult.DUPLICATE_PARAMETER;
import static dev.sluice.inference.ScanResult.INVALID_JSON;
import static dev.sluice.inference.ScanResult.INVALID_VALUE;

import dev.sluice.inference.ScanResult.Invalid;
import dev.sluice.inference.ScanResult.Ok;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * One scan of one request body. A method that reads a value returns false after it has set {@link
 * #fault}; {@link ScanFaults} words the faults. A fault is a body that two readers could understand
 * differently in what routes or edits it. A field that only estimates need never is one.
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
            maxTokens,
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
    if (!hasPrompt) {
      promptBytes = bodyBytes; // a prompt under a name that is not known is not free
    }
    return true;
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
      default -> readForEstimates(name, value);
    };
  }

  /** Reads a field that only estimates need. No value of it is a fault: the server judges it. */
  private boolean readForEstimates(String name, JsonToken value) {
    if (BodyFields.limitsOutput(kind, name)) {
      maxTokens = Math.max(maxTokens, readCount(value, limits.maxOutputTokens()));
      return true;
    }
    if (BodyFields.multipliesOutput(name)) {
      choices = (int) Math.max(choices, readCount(value, limits.maxChoices()));
      return true;
    }
    if (BodyFields.holdsLimits(kind, name)) {
      return readLimitsInside(value);
    }
    return switch (BodyFields.prompt(kind, name)) {
      case CONTEXT -> readText(value, false);
      case ONE -> readPrompt(value, false);
      case SEVERAL -> readPrompt(value, true);
      case MEDIA -> readMedia(value);
      case NONE -> skip();
    };
  }

  /** Reads an object with limits, or a list of them, of which the largest limits count. */
  private boolean readLimitsInside(JsonToken value) {
    var depth = value.isStructStart() ? 1 : 0;
    while (depth > 0) {
      var token = parser.nextToken();
      if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      } else if (token == JsonToken.PROPERTY_NAME) {
        var name = parser.currentName();
        if (BodyFields.limitsOutputInside(name)) {
          var limit = readCount(parser.nextToken(), limits.maxOutputTokens());
          maxTokens = Math.max(maxTokens, limit);
        } else if (BodyFields.multipliesOutput(name)) {
          choices = (int) Math.max(choices, readCount(parser.nextToken(), limits.maxChoices()));
        }
      }
    }
    return true;
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
    return true;
  }

  private boolean readStream(JsonToken value) {
    stream = isTrue(value) && kind.generates();
    return true;
  }

  /** Whether a server may take the value for true. Some servers also take 1 and words. */
  private boolean isTrue(JsonToken value) {
    return switch (value) {
      case VALUE_TRUE -> true;
      case VALUE_STRING -> saysTrue(parser.getString());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue() == 1;
      default -> {
        parser.skipChildren();
        yield false;
      }
    };
  }

  static boolean saysTrue(String word) {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "true", "1", "yes", "on", "t", "y" -> true;
      default -> false;
    };
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
      usageSplice = BodySplice.NONE; // the server judges it
      return skip();
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
      boolean isPlain = option.isBoolean() || option == JsonToken.VALUE_NULL;
      includeUsage = isTrue(option) && editable;
      if (editable) {
        usageSplice =
            includeUsage || !isPlain
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

  /**
   * Reads a count. Returns 0 if the value is no positive number: -1, for example, means no limit. A
   * number in quotes counts, because some servers read it. More than {@code most} counts as {@code
   * most}.
   */
  private long readCount(JsonToken value, long most) {
    if (value == JsonToken.VALUE_NUMBER_INT || value == JsonToken.VALUE_NUMBER_FLOAT) {
      return (long) Math.max(0, Math.min((double) most, parser.getDoubleValue()));
    }
    if (value == JsonToken.VALUE_STRING) {
      try {
        return Math.max(0, Math.min(most, Long.parseLong(parser.getString().trim())));
      } catch (NumberFormatException noNumber) {
        return 0;
      }
    }
    parser.skipChildren();
    return 0;
  }

  private boolean readPrompt(JsonToken value, boolean severalAllowed) {
    hasPrompt |= value == JsonToken.VALUE_STRING || value.isStructStart();
    return readText(value, severalAllowed);
  }

  private boolean readText(JsonToken value, boolean severalAllowed) {
    if (value == JsonToken.VALUE_STRING) {
      openPrompt = tokenStart();
    } else if (value.isStructStart()) {
      readStructure(severalAllowed && value == JsonToken.START_ARRAY);
    }
    return true;
  }

  /** Reads an image or a recording, or a list of them. */
  private boolean readMedia(JsonToken value) {
    if (value == JsonToken.VALUE_NULL) {
      return true;
    }
    hasPrompt = true;
    var found = value.isStructStart() ? 0 : 1;
    var depth = value.isStructStart() ? 1 : 0;
    while (depth > 0) {
      var token = parser.nextToken();
      if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      } else if (token == JsonToken.VALUE_STRING) {
        found++;
      }
    }
    mediaParts += Math.max(1, found);
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
      prompts = Math.max(prompts, elements);
    }
  }

  /** Whether a content part holds, or refers to, media under this name. */
  private static boolean namesMedia(String name) {
    return switch (name) {
      case "url", "data", "file_data", "image_url", "audio_url", "video_url", "file_url" -> true;
      default -> false;
    };
  }

  private long tokenStart() {
    return parser.currentTokenLocation().getByteOffset();
  }

  /** The size of the string that starts at {@code start}; the parser is at the token after it. */
  private long sizeSince(long start, @Nullable JsonToken next) {
    int comma = next != null && next.isStructEnd() ? 0 : 1;
    return tokenStart() - start - comma;
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
