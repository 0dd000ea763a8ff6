package dev.sluice.simulation.workload;

import dev.sluice.flowcontrol.types.QueueOutcome;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Traces with a JSON object on each line, recognised by their keys. Unknown keys are ignored.
 *
 * <ul>
 *   <li>Mooncake's traces have {@code timestamp} in ms, {@code input_length}, {@code output_length}
 *       and {@code hash_ids}, an id for each 512 tokens of the prompt. The longest run of ids from
 *       the prompt's start that all occurred before counts as cached, as if all servers shared one
 *       cache that forgets nothing. Servers with a prefix cache of their own use the ids.
 *   <li>Sluice's own log is written by {@link RequestLog}. A request that got no answer is replayed
 *       with the mean length of all other answers. A request that flow control never saw is left
 *       out, because its tokens are unknown. Each request arrives when it was offered: the time
 *       before was its client's.
 * </ul>
 */
final class JsonLinesTrace {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final long TOO_MANY_REQUESTS = 429;
  private static final long SERVER_ERROR = 500;

  private final String file;
  private final Set<Long> seenBlocks = new HashSet<>();
  private long lineNumber;
  private Map<String, Object> fields = Map.of();

  private JsonLinesTrace(String file) {
    this.file = file;
  }

  static List<TraceRow> read(Path path) throws IOException {
    return new JsonLinesTrace(path.toString()).rows(path);
  }

  private List<TraceRow> rows(Path path) throws IOException {
    var rows = new ArrayList<TraceRow>();
    try (var reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
      for (var line = reader.readLine(); line != null; line = reader.readLine()) {
        lineNumber++;
        if (!line.isBlank()) {
          fields = parse(line);
          if (!Traces.NOT_OFFERED.equals(fields.get("outcome"))) {
            rows.add(row());
          }
        }
      }
    } catch (CharacterCodingException e) {
      throw fault("is not UTF-8");
    }
    if (rows.isEmpty()) {
      throw new InvalidWorkloadException(file + ": has no requests");
    }
    return rows;
  }

  private TraceRow row() throws InvalidWorkloadException {
    if (fields.containsKey("input_length")) {
      return mooncake();
    }
    if (fields.containsKey("inputTokens")) {
      return ownLog();
    }
    throw fault(
        "got the keys "
            + String.join(", ", fields.keySet().stream().sorted().toList())
            + ", allowed timestamp, input_length, output_length, hash_ids (Mooncake)"
            + " or time, tenant, inputTokens, outputTokens (Sluice's request log)");
  }

  private TraceRow mooncake() throws InvalidWorkloadException {
    var input = tokens("input_length");
    var blocks = blocks();
    var hits = 0;
    while (hits < blocks.size() && seenBlocks.contains(blocks.get(hits))) {
      hits++;
    }
    seenBlocks.addAll(blocks);
    var cached = Math.min(hits * Arrival.TOKENS_PER_BLOCK, input);
    var at = Math.multiplyExact(whole("timestamp", 0, Long.MAX_VALUE / 1_000_000), 1_000_000L);
    return TraceRow.of(at, "", input, cached, tokens("output_length"), blocks);
  }

  private TraceRow ownLog() throws InvalidWorkloadException {
    var input = tokens("inputTokens");
    return new TraceRow(
        time(),
        text("tenant"),
        text("flow"),
        (int) whole("priority", Integer.MIN_VALUE + 1, Integer.MAX_VALUE),
        text("model"),
        text("adapter"),
        input,
        fields.containsKey("cachedInputTokens") ? whole("cachedInputTokens", 0, input) : 0,
        answer(),
        optional("maxOutputTokens"),
        optional("sloNanos"),
        optional("ttlNanos"),
        optional("sizeBytes"),
        List.of());
  }

  /** The length of the answer that a refused request would have got is unknown. */
  private long answer() throws InvalidWorkloadException {
    var tokens = tokens("outputTokens");
    var outcome = text("outcome");
    var served = outcome.isEmpty() || outcome.equals(QueueOutcome.DISPATCHED.label());
    var status = optional("status");
    var failed = status >= SERVER_ERROR || status == TOO_MANY_REQUESTS;
    return tokens == 0 && (failed || !served) ? -1 : tokens;
  }

  private long time() throws InvalidWorkloadException {
    var text = text("time");
    try {
      return RequestLog.nanos(Instant.parse(text)) + Math.max(0, optional("offeredNanos"));
    } catch (DateTimeException e) {
      throw fault("time: got " + text + ", allowed a time such as 2026-01-31T12:00:00.250Z");
    }
  }

  private String text(String key) throws InvalidWorkloadException {
    var value = fields.getOrDefault(key, "");
    if (value instanceof String text) {
      return text;
    }
    throw fault(key + ": got " + value + ", allowed text");
  }

  private long tokens(String key) throws InvalidWorkloadException {
    return whole(key, 0, TokenLengths.LONGEST);
  }

  private long optional(String key) throws InvalidWorkloadException {
    return fields.containsKey(key) ? whole(key, -1, Long.MAX_VALUE) : -1;
  }

  private long whole(String key, long least, long most) throws InvalidWorkloadException {
    var value = fields.getOrDefault(key, "nothing");
    if (value instanceof Long number && number >= least && number <= most) {
      return number;
    }
    throw fault(key + ": got " + value + ", allowed a whole number from " + least + " to " + most);
  }

  private List<Long> blocks() throws InvalidWorkloadException {
    if (!fields.containsKey("hash_ids")) {
      return List.of();
    }
    if (!(fields.get("hash_ids") instanceof List<?> list)) {
      throw fault("hash_ids: got " + fields.get("hash_ids") + ", allowed a list of whole numbers");
    }
    var blocks = new ArrayList<Long>();
    for (var id : list) {
      if (!(id instanceof Long block)) {
        throw fault("hash_ids: got " + id + " in the list, allowed whole numbers");
      }
      blocks.add(block);
    }
    return blocks;
  }

  private Map<String, Object> parse(String line) throws InvalidWorkloadException {
    var parsed = new HashMap<String, Object>();
    try (var parser = FACTORY.createParser(ObjectReadContext.empty(), line)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw fault("is not a JSON object");
      }
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        var key = parser.currentName();
        parser.nextToken();
        parsed.put(key, value(parser));
      }
      return parsed;
    } catch (JacksonException e) {
      throw fault("is not a JSON object: " + e.getOriginalMessage());
    }
  }

  private static Object value(JsonParser parser) {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      var scalar = scalar(parser);
      parser.skipChildren();
      return scalar;
    }
    var list = new ArrayList<Object>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      list.add(scalar(parser));
      parser.skipChildren();
    }
    return list;
  }

  /** A whole number as Long. Anything else becomes a text for messages, which equals no number. */
  private static Object scalar(JsonParser parser) {
    var token = parser.currentToken();
    if (token == JsonToken.VALUE_NUMBER_INT
        && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
      return parser.getLongValue();
    }
    if (token == JsonToken.VALUE_NUMBER_INT || token == JsonToken.VALUE_NUMBER_FLOAT) {
      return Double.parseDouble(parser.getString());
    }
    if (token == JsonToken.START_OBJECT) {
      return Map.of();
    }
    return token == JsonToken.START_ARRAY ? List.of() : parser.getString();
  }

  private InvalidWorkloadException fault(String what) {
    return InvalidWorkloadException.inLine(file, lineNumber, what);
  }
}
