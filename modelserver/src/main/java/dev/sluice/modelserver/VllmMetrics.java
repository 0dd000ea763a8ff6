package dev.sluice.modelserver;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * The server's metrics, under vLLM's names or those of llama.cpp's server. A request for an adapter
 * counts for the adapter's model. Not thread-safe.
 */
final class VllmMetrics {
  private static final double[] FIRST_TOKEN_SECONDS = {
    .001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
    2560
  };
  private static final double NANOS_PER_SECOND = 1e9;
  private static final int BLOCK_TOKENS = 16;

  private final Map<String, Counts> models = new LinkedHashMap<>();
  private final long kvTokens;
  private final int maxAdapters;
  private final long gaugeNanos;
  private long shownAtNanos;

  /** The counts of one model. */
  static final class Counts {
    int running;
    int waiting;
    private int shownRunning;
    private int shownWaiting;
    long preemptions;
    long promptTokens;
    long generationTokens;
    private final long[] firstTokens = new long[FIRST_TOKEN_SECONDS.length + 1];
    private double firstTokenSeconds;

    /** Counts a first token that came {@code nanos} after its request's arrival. */
    void firstToken(long nanos) {
      var seconds = nanos / NANOS_PER_SECOND;
      var bucket = 0;
      while (bucket < FIRST_TOKEN_SECONDS.length && seconds > FIRST_TOKEN_SECONDS[bucket]) {
        bucket++;
      }
      firstTokens[bucket]++;
      firstTokenSeconds += seconds;
    }
  }

  /**
   * Metrics of which nothing is counted yet.
   *
   * @param maxAdapters how many adapters can run at once; 0 if the server has none
   * @param gaugeNanos the time between two updates of the numbers running and waiting
   */
  VllmMetrics(List<String> names, long kvTokens, int maxAdapters, long gaugeNanos) {
    names.forEach(name -> models.put(name, new Counts()));
    this.kvTokens = kvTokens;
    this.maxAdapters = maxAdapters;
    this.gaugeNanos = Math.max(1, gaugeNanos);
    shownAtNanos = System.nanoTime();
  }

  /**
   * Updates the numbers running and waiting if their time has come. Called before either changes,
   * and before a page is made.
   */
  void show(long nowNanos) {
    var periods = (nowNanos - shownAtNanos) / gaugeNanos;
    if (periods > 0) {
      shownAtNanos += periods * gaugeNanos;
      for (var counts : models.values()) {
        counts.shownRunning = counts.running;
        counts.shownWaiting = counts.waiting;
      }
    }
  }

  /** The page of llama.cpp's server, which has few series and no models. */
  String llamaCppPage() {
    var running = models.values().stream().mapToInt(counts -> counts.shownRunning).sum();
    var waiting = models.values().stream().mapToInt(counts -> counts.shownWaiting).sum();
    return """
    # TYPE llamacpp:requests_processing gauge
    llamacpp:requests_processing %d
    # TYPE llamacpp:requests_deferred gauge
    llamacpp:requests_deferred %d
    """
        .formatted(running, waiting);
  }

  /** The counts of a served model. */
  Counts of(String model) {
    return Objects.requireNonNull(models.get(model), model);
  }

  /**
   * The page of metrics, as a scraper reads it.
   *
   * @param kvUsage the used fraction of the KV cache, which all models share
   * @param nowSeconds the current time in seconds since 1970; vLLM gives it as the value of the
   *     adapters' series
   */
  String page(double kvUsage, Set<String> running, Set<String> waiting, double nowSeconds) {
    var out = new StringBuilder();
    family(out, "gauge", "num_requests_running", counts -> counts.shownRunning);
    family(out, "gauge", "num_requests_waiting", counts -> counts.shownWaiting);
    family(out, "gauge", "kv_cache_usage_perc", counts -> kvUsage);
    family(out, "counter", "num_preemptions_total", counts -> counts.preemptions);
    family(out, "counter", "prompt_tokens_total", counts -> counts.promptTokens);
    family(out, "counter", "generation_tokens_total", counts -> counts.generationTokens);
    firstTokens(out);
    type(out, "gauge", "cache_config_info");
    sample(
        out,
        "cache_config_info",
        "block_size=\"%d\",num_gpu_blocks=\"%d\""
            .formatted(BLOCK_TOKENS, Math.max(1, kvTokens / BLOCK_TOKENS)),
        1);
    if (maxAdapters > 0) {
      type(out, "gauge", "lora_requests_info");
      sample(
          out,
          "lora_requests_info",
          "max_lora=\"%d\",running_lora_adapters=\"%s\",waiting_lora_adapters=\"%s\""
              .formatted(
                  maxAdapters,
                  escape(String.join(",", running)),
                  escape(String.join(",", waiting))),
          nowSeconds);
    }
    return out.toString();
  }

  private void family(StringBuilder out, String type, String name, ToDoubleFunction<Counts> value) {
    type(out, type, name);
    models.forEach(
        (model, counts) -> sample(out, name, of(model, ""), value.applyAsDouble(counts)));
  }

  private void firstTokens(StringBuilder out) {
    var name = "time_to_first_token_seconds";
    type(out, "histogram", name);
    models.forEach((model, counts) -> {
      var sum = 0.0;
      for (var i = 0; i < counts.firstTokens.length; i++) {
        sum += counts.firstTokens[i];
        var bound = i == FIRST_TOKEN_SECONDS.length ? "+Inf" : "" + FIRST_TOKEN_SECONDS[i];
        sample(out, name + "_bucket", of(model, ",le=\"" + bound + "\""), sum);
      }
      sample(out, name + "_sum", of(model, ""), counts.firstTokenSeconds);
      sample(out, name + "_count", of(model, ""), sum);
    });
  }

  private static String of(String model, String moreLabels) {
    return "model_name=\"" + escape(model) + "\"" + moreLabels;
  }

  private static void type(StringBuilder out, String type, String name) {
    out.append("# TYPE vllm:").append(name).append(' ').append(type).append('\n');
  }

  private static void sample(StringBuilder out, String name, String labels, double value) {
    out.append("vllm:").append(name).append('{').append(labels).append("} ");
    out.append(value).append('\n');
  }

  private static String escape(String label) {
    return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }
}
