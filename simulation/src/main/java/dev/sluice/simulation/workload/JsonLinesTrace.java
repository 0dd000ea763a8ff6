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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Traces with a JSON object on each line, recognised by their keys. Unknown keys are ignored.
 *
 * <ul>
 *   <li>Mooncake's traces have {@code timestamp} in ms, {@code input_length}, {@code output_length}
 *       and {@code hash_ids}, an id for each 512 tokens of the prompt. The longest run of ids from
 *       the prompt's start that all occurred before counts as cached, as if all servers shared one
 *       cache that forgets nothing. Servers with a prefix cache of their own use the ids.
 *   <li>Bailian's traces have the same keys and {@code chat_id}, a {@code timestamp} in s, and an
 *       id for each 16 tokens. Servers with a prefix cache of their own see whole groups of 32 ids.
 *   <li>AIBrix's workloads have {@code timestamp} in ms and {@code requests}, a list of objects
 *       with {@code prompt_length} and {@code output_length}. A length of null is unknown; the
 *       prompt's is then estimated from its text.
 *   <li>Sluice's own log is written by {@link RequestLog}. A request that got no answer is replayed
 *       with the mean length of all other answers. A request that flow control never saw is left
 *       out, because its tokens are unknown. Each request arrives when it was offered: the time
 *       before was its client's.
 * </ul>
 */
final class JsonLinesTrace {
  private static final long TOO_MANY_REQUESTS = 429;
  private static final long SERVER_ERROR = 500;
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double NANOS_PER_SECOND = 1e9;
  private static final long BAILIAN_TOKENS_PER_BLOCK = 16;

  private final String file;
  private final List<TraceRow> rows = new ArrayList<>();
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
    try (var reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
      for (var line = reader.readLine(); line != null; line = reader.readLine()) {
        lineNumber++;
        if (!line.isBlank()) {
          fields = parse(line);
          if (!Traces.NOT_OFFERED.equals(fields.get("outcome"))) {
            addRows();
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

  private void addRows() throws InvalidWorkloadException {
    if (fields.containsKey("input_length")) {
      rows.add(fields.containsKey("chat_id") ? bailian() : mooncake());
    } else if (fields.containsKey("inputTokens")) {
      rows.add(ownLog());
    } else if (fields.get("requests") instanceof List<?> requests) {
      aibrix(requests);
    } else {
      throw unknownKeys();
    }
  }

  private InvalidWorkloadException unknownKeys() {
    return fault(
        "got the keys "
            + String.join(", ", fields.keySet().stream().sorted().toList())
            + ", allowed timestamp, input_length, output_length, hash_ids (Mooncake)"
            + " or the same with chat_id (Bailian) or timestamp, requests (AIBrix)"
            + " or time, tenant, inputTokens, outputTokens (Sluice's request log);"
            + " name the keys of another log with --columns");
  }

  private TraceRow mooncake() throws InvalidWorkloadException {
    var input = tokens("input_length");
    var blocks = blocks();
    var cached = Math.min(seenFirst(blocks) * Arrival.TOKENS_PER_BLOCK, input);
    return TraceRow.of(
        timestamp(NANOS_PER_MILLI), "", input, cached, tokens("output_length"), blocks);
  }

  private TraceRow bailian() throws InvalidWorkloadException {
    var input = tokens("input_length");
    var small = blocks();
    var cached = Math.min(seenFirst(small) * BAILIAN_TOKENS_PER_BLOCK, input);
    var inOne = Arrival.TOKENS_PER_BLOCK / BAILIAN_TOKENS_PER_BLOCK;
    var blocks = new ArrayList<Long>();
    var mixed = 0L;
    for (var i = 0; i < small.size(); i++) {
      mixed = Randoms.mix(mixed ^ small.get(i));
      if ((i + 1) % inOne == 0) {
        blocks.add(mixed);
      }
    }
    return TraceRow.of(
        timestamp(NANOS_PER_SECOND), "", input, cached, tokens("output_length"), blocks);
  }

  private void aibrix(List<?> requests) throws InvalidWorkloadException {
    var at = timestamp(NANOS_PER_MILLI);
    for (var request : requests) {
      if (!(request instanceof Map<?, ?> keys)) {
        throw fault("requests: got " + request + " in the list, allowed objects");
      }
      var prompt = String.valueOf(keys.containsKey("prompt") ? keys.get("prompt") : "");
      var input = number("requests.prompt_length", keys.get("prompt_length"));
      var output = number("requests.output_length", keys.get("output_length"));
      var estimate = Math.min(prompt.length() / RequestShape.BYTES_PER_TOKEN, TokenLengths.LONGEST);
      rows.add(TraceRow.of(at, "", input < 0 ? estimate : input, 0, output, List.of()));
    }
  }

  /** A number of tokens; -1 if there is none. */
  private long number(String key, @Nullable Object value) throws InvalidWorkloadException {
    if (value == null) {
      return -1;
    }
    if (value instanceof Long number && number >= 0 && number <= TokenLengths.LONGEST) {
      return number;
    }
    throw fault(key + ": got " + value + ", allowed 0 to " + TokenLengths.LONGEST + " or null");
  }

  /** The number of blocks from the start that all occurred before. */
  private long seenFirst(List<Long> blocks) {
    var hits = 0;
    while (hits < blocks.size() && seenBlocks.contains(blocks.get(hits))) {
      hits++;
    }
    seenBlocks.addAll(blocks);
    return hits;
  }

  private long timestamp(double nanosPerUnit) throws InvalidWorkloadException {
    var value = fields.getOrDefault("timestamp", "nothing");
    if (value instanceof Number number && number.doubleValue() >= 0) {
      var nanos = Math.rint(number.doubleValue() * nanosPerUnit);
      if (nanos < Long.MAX_VALUE) {
        return (long) nanos;
      }
    }
    throw fault("timestamp: got " + value + ", allowed a number from 0");
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
    try {
      var parsed = JsonLine.parse(line);
      if (parsed != null) {
        return parsed;
      }
    } catch (JacksonException e) {
      throw fault("is not a JSON object: " + e.getOriginalMessage());
    }
    throw fault("is not a JSON object");
  }

  private InvalidWorkloadException fault(String what) {
    return InvalidWorkloadException.inLine(file, lineNumber, what);
  }
}
