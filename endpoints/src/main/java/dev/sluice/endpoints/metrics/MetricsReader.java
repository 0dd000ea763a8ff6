package dev.sluice.endpoints.metrics;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the metrics pages of vLLM, SGLang and llama.cpp's server.
 *
 * <p>The names of the metrics tell which engine wrote the page. An engine has a series for each
 * model and each data-parallel rank: counts are added up, and the largest KV utilization is taken.
 * SGLang's tensor- and pipeline-parallel ranks can each report the same requests, so only rank 0
 * counts.
 *
 * <p>A page is unusable if it lacks the number of waiting or of running requests, or if a number is
 * NaN, infinite or negative. Half a sample would look like an idle server.
 *
 * <p>Not thread-safe. One reader reads any number of pages, one after the other.
 */
public final class MetricsReader {
  private static final Pattern COMMA = Pattern.compile(",");

  private enum Meaning {
    WAITING,
    RUNNING,
    KV_UTILIZATION,
    KV_TOKENS,
    PREEMPTIONS,
    VLLM_CACHE_CONFIG,
    VLLM_ADAPTERS
  }

  private enum Engine {
    VLLM,
    SGLANG,
    LLAMA_CPP
  }

  private record Family(Engine engine, Meaning meaning) {}

  private static final Map<String, Family> FAMILIES =
      Map.ofEntries(
          vllm("num_requests_waiting", Meaning.WAITING),
          vllm("num_requests_running", Meaning.RUNNING),
          vllm("kv_cache_usage_perc", Meaning.KV_UTILIZATION),
          vllm("gpu_cache_usage_perc", Meaning.KV_UTILIZATION),
          vllm("num_preemptions_total", Meaning.PREEMPTIONS),
          vllm("cache_config_info", Meaning.VLLM_CACHE_CONFIG),
          vllm("lora_requests_info", Meaning.VLLM_ADAPTERS),
          sglang("num_queue_reqs", Meaning.WAITING),
          sglang("num_running_reqs", Meaning.RUNNING),
          sglang("token_usage", Meaning.KV_UTILIZATION),
          sglang("max_total_num_tokens", Meaning.KV_TOKENS),
          sglang("num_retracted_requests_total", Meaning.PREEMPTIONS),
          llamaCpp("requests_deferred", Meaning.WAITING),
          llamaCpp("requests_processing", Meaning.RUNNING),
          llamaCpp("kv_cache_usage_ratio", Meaning.KV_UTILIZATION));

  private final ExpositionReader reader = new ExpositionReader(FAMILIES.keySet());
  private final Totals vllm = new Totals();
  private final Totals sglang = new Totals();
  private final Totals llamaCpp = new Totals();

  /** Reads the first {@code length} bytes of {@code page}. Throws nothing, whatever they are. */
  public MetricsPage read(byte[] page, int length) {
    vllm.clear();
    sglang.clear();
    llamaCpp.clear();
    var brokenLines = reader.read(page, length, this::add);
    return writer().page(brokenLines);
  }

  /** The engine that wrote the page; vLLM if nothing tells. */
  private Totals writer() {
    if (vllm.waitingSeen || vllm.runningSeen) {
      return vllm;
    }
    if (sglang.waitingSeen) {
      return sglang;
    }
    return llamaCpp.waitingSeen || llamaCpp.runningSeen ? llamaCpp : vllm;
  }

  private void add(Sample sample) {
    var family = FAMILIES.get(sample.name());
    if (family == null) {
      return;
    }
    var totals =
        switch (family.engine) {
          case VLLM -> vllm;
          case SGLANG -> sglang;
          case LLAMA_CPP -> llamaCpp;
        };
    totals.add(family.meaning, sample);
  }

  private static Map.Entry<String, Family> vllm(String name, Meaning meaning) {
    return Map.entry("vllm:" + name, new Family(Engine.VLLM, meaning));
  }

  private static Map.Entry<String, Family> sglang(String name, Meaning meaning) {
    return Map.entry("sglang:" + name, new Family(Engine.SGLANG, meaning));
  }

  private static Map.Entry<String, Family> llamaCpp(String name, Meaning meaning) {
    return Map.entry("llamacpp:" + name, new Family(Engine.LLAMA_CPP, meaning));
  }

  /** The sums over one page's samples of one engine. */
  private static final class Totals {
    private double waiting;
    private double running;
    private double kvUtilization;
    private double kvTokens;
    private double preemptions;
    private double adaptersAt;
    private int maxAdapters;
    private Set<String> runningAdapters = Set.of();
    private Set<String> waitingAdapters = Set.of();
    private boolean waitingSeen;
    private boolean runningSeen;
    private @Nullable String fault;

    void clear() {
      waiting = 0;
      running = 0;
      kvUtilization = 0;
      kvTokens = 0;
      preemptions = 0;
      adaptersAt = Double.NEGATIVE_INFINITY;
      maxAdapters = 0;
      runningAdapters = Set.of();
      waitingAdapters = Set.of();
      waitingSeen = false;
      runningSeen = false;
      fault = null;
    }

    void add(Meaning meaning, Sample sample) {
      if (isOtherRank(sample, "tp_rank") || isOtherRank(sample, "pp_rank")) {
        return;
      }
      var value = sample.value();
      if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
        fault = sample.name() + " is " + value;
        return;
      }
      switch (meaning) {
        case WAITING -> {
          waiting += value;
          waitingSeen = true;
        }
        case RUNNING -> {
          running += value;
          runningSeen = true;
        }
        case KV_UTILIZATION -> kvUtilization = Math.max(kvUtilization, value);
        case KV_TOKENS -> kvTokens += value;
        case PREEMPTIONS -> preemptions += value;
        case VLLM_CACHE_CONFIG ->
            kvTokens += number(sample, "block_size") * number(sample, "num_gpu_blocks");
        case VLLM_ADAPTERS -> addAdapters(sample);
      }
    }

    /**
     * Takes the newest series. vLLM never removes the series of earlier states; the value of each
     * is the time of that state.
     */
    private void addAdapters(Sample sample) {
      if (sample.value() < adaptersAt) {
        return;
      }
      adaptersAt = sample.value();
      maxAdapters = (int) Math.min(Integer.MAX_VALUE, number(sample, "max_lora"));
      runningAdapters = names(sample.labels().getOrDefault("running_lora_adapters", ""));
      waitingAdapters = names(sample.labels().getOrDefault("waiting_lora_adapters", ""));
    }

    MetricsPage page(int brokenLines) {
      var problem = fault;
      if (problem == null && !waitingSeen) {
        problem = "the number of waiting requests is missing";
      }
      if (problem == null && !runningSeen) {
        problem = "the number of running requests is missing";
      }
      if (problem != null) {
        return new MetricsPage.Unusable(problem, brokenLines);
      }
      return new MetricsPage.Usable(
          new EndpointMetrics(
              (int) waiting,
              (int) running,
              Math.min(1.0, kvUtilization),
              (long) kvTokens,
              (long) preemptions,
              maxAdapters,
              runningAdapters,
              waitingAdapters),
          brokenLines);
    }

    private static boolean isOtherRank(Sample sample, String label) {
      return !sample.labels().getOrDefault(label, "0").equals("0");
    }

    /** A label's number; 0 if the label is missing or is no number, such as vLLM's "None". */
    private static long number(Sample sample, String label) {
      var text = sample.labels().getOrDefault(label, "");
      if (text.isEmpty() || text.length() > 9) {
        return 0;
      }
      for (var i = 0; i < text.length(); i++) {
        if (text.charAt(i) < '0' || text.charAt(i) > '9') {
          return 0;
        }
      }
      return Long.parseLong(text);
    }

    private static Set<String> names(String list) {
      var names = new HashSet<String>();
      for (var name : COMMA.split(list, -1)) {
        if (!name.isBlank()) {
          names.add(name.strip());
        }
      }
      return names;
    }
  }
}
