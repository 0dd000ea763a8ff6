package dev.sluice.e2e;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.OpenAIServiceException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.completions.CompletionUsage;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.models.Model;
import com.openai.models.responses.ResponseCreateParams;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A client that uses the OpenAI SDK for Java, in this JVM. */
final class JavaSdk implements OpenAiClient {
  @Override
  public Map<String, Object> call(URI base, Ask ask) {
    var client =
        OpenAIOkHttpClient.builder()
            .baseUrl(base.toString())
            .apiKey(ask.key())
            .maxRetries(0)
            .timeout(Duration.ofSeconds(30))
            .build();
    try {
      return switch (ask.scenario()) {
        case CHAT -> chat(client, ask);
        case CHAT_STREAM -> chatStream(client, ask);
        case ABANDON -> abandon(client, ask);
        case COMPLETION -> completion(client, ask);
        case RESPONSE -> response(client, ask);
        case RESPONSE_STREAM -> responseStream(client, ask);
        case EMBEDDING -> embedding(client, ask);
        case MODELS -> models(client);
      };
    } catch (OpenAIServiceException refused) {
      var met = new HashMap<String, Object>();
      met.put("status", refused.statusCode());
      refused.code().ifPresent(code -> met.put("code", code));
      met.put("message", String.valueOf(refused.getMessage()));
      refused.headers().values("retry-after").forEach(value -> met.put("retryAfter", value));
      return met;
    } finally {
      client.close();
    }
  }

  private static ChatCompletionCreateParams.Builder chatOf(Ask ask) {
    return ChatCompletionCreateParams.builder()
        .model(ask.model())
        .addUserMessage("Say something.")
        .maxCompletionTokens(ask.maxTokens());
  }

  private static Map<String, Object> chat(OpenAIClient client, Ask ask) {
    var answer = client.chat().completions().create(chatOf(ask).build());
    var choice = answer.choices().getFirst();
    var met = new HashMap<String, Object>();
    met.put("text", choice.message().content().orElseThrow());
    met.put("finish", choice.finishReason().asString());
    putUsage(met, answer.usage().orElseThrow());
    return met;
  }

  private static Map<String, Object> chatStream(OpenAIClient client, Ask ask) {
    var started = System.nanoTime();
    var text = new StringBuilder();
    var times = new ArrayList<Integer>();
    var met = new HashMap<String, Object>();
    var options = ChatCompletionStreamOptions.builder().includeUsage(true).build();
    var asked = chatOf(ask).streamOptions(options).build();
    try (var chunks = client.chat().completions().createStreaming(asked)) {
      chunks.stream()
          .forEach(chunk -> {
            for (var choice : chunk.choices()) {
              choice
                  .delta()
                  .content()
                  .filter(content -> !content.isEmpty())
                  .ifPresent(content -> {
                    text.append(content);
                    var millis = Duration.ofNanos(System.nanoTime() - started).toMillis();
                    times.add(Math.toIntExact(millis));
                  });
              choice.finishReason().ifPresent(reason -> met.put("finish", reason.asString()));
            }
            chunk.usage().ifPresent(usage -> putUsage(met, usage));
          });
    }
    met.put("text", text.toString());
    met.put("times", times);
    return met;
  }

  private static Map<String, Object> abandon(OpenAIClient client, Ask ask) {
    try (var chunks = client.chat().completions().createStreaming(chatOf(ask).build())) {
      return Map.of("chunks", Math.toIntExact(chunks.stream().limit(2).count()));
    }
  }

  private static Map<String, Object> completion(OpenAIClient client, Ask ask) {
    var answer =
        client
            .completions()
            .create(
                CompletionCreateParams.builder()
                    .model(ask.model())
                    .prompt("Say something.")
                    .maxTokens(ask.maxTokens())
                    .build());
    var choice = answer.choices().getFirst();
    var met = new HashMap<String, Object>();
    met.put("text", choice.text());
    met.put("finish", choice.finishReason().asString());
    putUsage(met, answer.usage().orElseThrow());
    return met;
  }

  private static ResponseCreateParams responseOf(Ask ask) {
    return ResponseCreateParams.builder()
        .model(ask.model())
        .input("Say something.")
        .maxOutputTokens(ask.maxTokens())
        .build();
  }

  private static Map<String, Object> response(OpenAIClient client, Ask ask) {
    var answer = client.responses().create(responseOf(ask));
    var text =
        answer.output().stream()
            .flatMap(item -> item.message().stream())
            .flatMap(message -> message.content().stream())
            .flatMap(content -> content.outputText().stream())
            .map(part -> part.text())
            .collect(Collectors.joining());
    return Map.of(
        "text", text, "outputTokens", Math.toIntExact(answer.usage().orElseThrow().outputTokens()));
  }

  private static Map<String, Object> responseStream(OpenAIClient client, Ask ask) {
    var text = new StringBuilder();
    var met = new HashMap<String, Object>();
    try (var events = client.responses().createStreaming(responseOf(ask))) {
      events.stream()
          .forEach(event -> {
            event.outputTextDelta().ifPresent(delta -> text.append(delta.delta()));
            event
                .completed()
                .flatMap(completed -> completed.response().usage())
                .ifPresent(usage -> met.put("outputTokens", Math.toIntExact(usage.outputTokens())));
          });
    }
    met.put("text", text.toString());
    return met;
  }

  private static Map<String, Object> embedding(OpenAIClient client, Ask ask) {
    var answer =
        client
            .embeddings()
            .create(
                EmbeddingCreateParams.builder()
                    .model(ask.model())
                    .input("something")
                    .encodingFormat(EmbeddingCreateParams.EncodingFormat.FLOAT)
                    .build());
    return Map.of("dimensions", answer.data().getFirst().embedding().size());
  }

  private static Map<String, Object> models(OpenAIClient client) {
    List<String> ids = client.models().list().autoPager().stream().map(Model::id).sorted().toList();
    return Map.of("ids", ids);
  }

  private static void putUsage(Map<String, Object> met, CompletionUsage usage) {
    met.put("inputTokens", Math.toIntExact(usage.promptTokens()));
    met.put("outputTokens", Math.toIntExact(usage.completionTokens()));
  }
}
