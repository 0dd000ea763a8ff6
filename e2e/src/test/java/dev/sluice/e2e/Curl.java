package dev.sluice.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.e2e.Ask.Scenario;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A client that runs curl, and reads its output line by line as it comes. */
final class Curl implements OpenAiClient {
  private static final JsonMapper JSON = new JsonMapper();

  private record Line(int millis, String text) {}

  @Override
  public Map<String, Object> call(URI base, Ask ask) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                "curl",
                "--silent",
                "--show-error",
                "--no-buffer",
                "--include",
                "--max-time",
                ask.scenario() == Scenario.ABANDON ? "2" : "30",
                "--header",
                "authorization: Bearer " + ask.key()));
    if (ask.scenario() != Scenario.MODELS) {
      command.addAll(List.of("--json", body(ask)));
    }
    command.add(base + path(ask.scenario()));
    var started = System.nanoTime();
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var lines = new ArrayList<Line>();
    try (var output = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      for (var text = output.readLine(); text != null; text = output.readLine()) {
        var millis = Duration.ofNanos(System.nanoTime() - started).toMillis();
        lines.add(new Line(Math.toIntExact(millis), text));
        if (ask.scenario() == Scenario.ABANDON && data(lines).size() == 2) {
          process.destroy();
          break;
        }
      }
    }
    process.waitFor();
    return understand(ask.scenario(), lines);
  }

  private static String path(Scenario scenario) {
    return switch (scenario) {
      case CHAT, CHAT_STREAM, ABANDON -> "/chat/completions";
      case COMPLETION -> "/completions";
      case RESPONSE, RESPONSE_STREAM -> "/responses";
      case EMBEDDING -> "/embeddings";
      case MODELS -> "/models";
    };
  }

  private static String body(Ask ask) {
    var start = "{\"model\":\"" + ask.model() + "\",";
    var prompt = "\"Say something.\"";
    var chat = "\"messages\":[{\"role\":\"user\",\"content\":" + prompt + "}],\"max_tokens\":";
    return start
        + switch (ask.scenario()) {
          case CHAT -> chat + ask.maxTokens() + "}";
          case CHAT_STREAM ->
              chat
                  + ask.maxTokens()
                  + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}";
          case ABANDON -> chat + ask.maxTokens() + ",\"stream\":true}";
          case COMPLETION -> "\"prompt\":" + prompt + ",\"max_tokens\":" + ask.maxTokens() + "}";
          case RESPONSE ->
              "\"input\":" + prompt + ",\"max_output_tokens\":" + ask.maxTokens() + "}";
          case RESPONSE_STREAM ->
              "\"stream\":true,\"input\":"
                  + prompt
                  + ",\"max_output_tokens\":"
                  + ask.maxTokens()
                  + "}";
          case EMBEDDING, MODELS -> "\"input\":\"something\"}";
        };
  }

  /** The contents of the events, without the mark at the end of the stream. */
  private static List<Line> data(List<Line> lines) {
    return lines.stream()
        .filter(line -> line.text().startsWith("data: ") && !line.text().equals("data: [DONE]"))
        .map(line -> new Line(line.millis(), line.text().substring("data: ".length())))
        .toList();
  }

  private static Map<String, Object> understand(Scenario scenario, List<Line> lines) {
    var status = Integer.parseInt(lines.getFirst().text().split(" ", 3)[1]);
    if (status != 200) {
      return refusal(status, lines);
    }
    var met = new HashMap<String, Object>();
    switch (scenario) {
      case CHAT -> choice(met, body(lines), "/message/content");
      case COMPLETION -> choice(met, body(lines), "/text");
      case CHAT_STREAM -> stream(met, data(lines));
      case ABANDON -> met.put("chunks", data(lines).size());
      case RESPONSE -> {
        met.put("text", body(lines).at("/output/0/content/0/text").stringValue());
        met.put("outputTokens", body(lines).at("/usage/output_tokens").intValue());
      }
      case RESPONSE_STREAM -> responseStream(met, data(lines));
      case EMBEDDING -> met.put("dimensions", body(lines).at("/data/0/embedding").size());
      case MODELS -> {
        var ids = new ArrayList<String>();
        body(lines).at("/data").forEach(model -> ids.add(model.at("/id").stringValue()));
        met.put("ids", ids.stream().sorted().toList());
      }
    }
    return met;
  }

  private static Map<String, Object> refusal(int status, List<Line> lines) {
    var met = new HashMap<String, Object>();
    met.put("status", status);
    for (var line : lines) {
      if (line.text().toLowerCase(Locale.ROOT).startsWith("retry-after:")) {
        met.put("retryAfter", line.text().substring("retry-after:".length()).strip());
      }
    }
    var error = body(lines).at("/error");
    met.put("code", error.at("/code").asString());
    met.put("message", error.at("/message").asString());
    return met;
  }

  private static JsonNode body(List<Line> lines) {
    var texts = lines.stream().map(Line::text).toList();
    return JSON.readTree(String.join("\n", texts.subList(texts.indexOf("") + 1, texts.size())));
  }

  private static void choice(Map<String, Object> met, JsonNode body, String text) {
    met.put("text", body.at("/choices/0" + text).stringValue());
    met.put("finish", body.at("/choices/0/finish_reason").stringValue());
    usage(met, body);
  }

  private static void stream(Map<String, Object> met, List<Line> events) {
    var text = new StringBuilder();
    var times = new ArrayList<Integer>();
    for (var event : events) {
      var chunk = JSON.readTree(event.text());
      var content = chunk.at("/choices/0/delta/content");
      if (content.isString() && !content.stringValue().isEmpty()) {
        text.append(content.stringValue());
        times.add(event.millis());
      }
      if (chunk.at("/choices/0/finish_reason").isString()) {
        met.put("finish", chunk.at("/choices/0/finish_reason").stringValue());
      }
      if (chunk.at("/usage").isObject()) {
        usage(met, chunk);
      }
    }
    met.put("text", text.toString());
    met.put("times", times);
  }

  private static void responseStream(Map<String, Object> met, List<Line> events) {
    var text = new StringBuilder();
    for (var event : events) {
      var json = JSON.readTree(event.text());
      switch (json.at("/type").asString()) {
        case "response.output_text.delta" -> text.append(json.at("/delta").stringValue());
        case "response.completed" ->
            met.put("outputTokens", json.at("/response/usage/output_tokens").intValue());
        default -> {}
      }
    }
    met.put("text", text.toString());
  }

  private static void usage(Map<String, Object> met, JsonNode body) {
    met.put("inputTokens", body.at("/usage/prompt_tokens").intValue());
    met.put("outputTokens", body.at("/usage/completion_tokens").intValue());
  }
}
