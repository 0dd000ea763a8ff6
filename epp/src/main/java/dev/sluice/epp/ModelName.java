package dev.sluice.epp;

import dev.sluice.inference.BodySplice;
import dev.sluice.inference.SegmentInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonFactory;

/**
 * The place of the model's name in the body of a request. Immutable.
 *
 * @param name the name, decoded; null if the body names no model
 * @param offset the offset of the name's opening quote; if the body names no model, the offset at
 *     which a member may be inserted
 * @param bytes the length of that string; 0 if there is none
 * @param empty whether the object has no member
 */
record ModelName(@Nullable String name, long offset, int bytes, boolean empty) {
  private static final JsonFactory FACTORY = new JsonFactory();

  /**
   * Finds the name. O(bytes of the body); other values are not decoded.
   *
   * @return null if the body is no JSON object, or its model is no string
   */
  static @Nullable ModelName find(List<ByteBuffer> body) {
    try (var parser =
        FACTORY.createParser(ObjectReadContext.empty(), new SegmentInputStream(body))) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      var start = parser.currentLocation().getByteOffset();
      var members = 0;
      for (var key = parser.nextName(); key != null; key = parser.nextName()) {
        members++;
        var value = parser.nextToken();
        if (key.equals("model")) {
          return value == JsonToken.VALUE_STRING ? string(parser) : null;
        }
        parser.skipChildren();
      }
      return new ModelName(null, start, 0, members == 0);
    } catch (JacksonException e) {
      return null; // the reader of the body says what is wrong with it
    }
  }

  private static ModelName string(JsonParser parser) {
    var begin = parser.currentTokenLocation().getByteOffset();
    var name = parser.getString();
    var end = parser.currentLocation().getByteOffset();
    return new ModelName(name, begin, (int) (end - begin), false);
  }

  /** The edit that has the body name another model. Every other byte stays as it is. */
  BodySplice replacedBy(String target) {
    var quoted = quoted(target);
    return name == null
        ? new BodySplice(offset, 0, "\"model\":" + quoted + (empty ? "" : ","))
        : new BodySplice(offset, bytes, quoted);
  }

  /** A string as JSON, in ASCII. */
  static String quoted(String text) {
    var json = new StringBuilder("\"");
    for (var c :
        String.valueOf(JsonStringEncoder.getInstance().quoteAsCharArray(text)).toCharArray()) {
      if (c < 0x80) {
        json.append(c);
      } else {
        json.append(String.format("\\u%04x", (int) c));
      }
    }
    return json.append('"').toString();
  }

  /** A string as most servers write it into JSON: in UTF-8. */
  static byte[] written(String text) {
    return ("\"" + String.valueOf(JsonStringEncoder.getInstance().quoteAsCharArray(text)) + "\"")
        .getBytes(StandardCharsets.UTF_8);
  }
}
