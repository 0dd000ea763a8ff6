package dev.sluice.endpoints.metrics;

import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the metrics pages of vLLM, SGLang, llama.cpp's server, TGI, TensorRT-LLM's server, and
 * Triton with and without TensorRT-LLM.
 *
 * <p>The names of the metrics tell which engine wrote the page. An engine has a series for each
 * model and each data-parallel rank: counts are added up, and the largest KV utilization is taken.
 * {@link RankSeries} finds the series of SGLang that tell of the same requests.
 *
 * <p>A page is unusable if it lacks the number of waiting or of running requests: half a sample
 * would look like an idle server. A number that is NaN, infinite or negative spoils its series
 * only.
 *
 * <p>This class is long because it holds the names of every engine.
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
    KV_BLOCK_TOKENS,
    KV_BLOCKS,
    VLLM_CACHE_CONFIG,
    TRITON_EXECUTIONS,
    TRITON_REQUESTS,
    TRITON_KV_BLOCKS,
    VLLM_ADAPTERS
  }

  private enum Engine {
    VLLM,
    SGLANG,
    LLAMA_CPP,
    TGI,
    TRTLLM,
    TRITON_TRTLLM,
    TRITON
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
          llamaCpp("kv_cache_usage_ratio", Meaning.KV_UTILIZATION),
          named("tgi_queue_size", Engine.TGI, Meaning.WAITING),
          named("tgi_batch_current_size", Engine.TGI, Meaning.RUNNING),
          named("trtllm_num_requests_waiting", Engine.TRTLLM, Meaning.WAITING),
          named("trtllm_num_requests_running", Engine.TRTLLM, Meaning.RUNNING),
          named("trtllm_kv_cache_utilization", Engine.TRTLLM, Meaning.KV_UTILIZATION),
          named("trtllm_kv_cache_tokens_per_block", Engine.TRTLLM, Meaning.KV_BLOCK_TOKENS),
          named("trtllm_kv_cache_max_blocks", Engine.TRTLLM, Meaning.KV_BLOCKS),
          named("nv_trt_llm_request_metrics", Engine.TRITON_TRTLLM, Meaning.TRITON_REQUESTS),
          named(
              "nv_trt_llm_kv_cache_block_metrics", Engine.TRITON_TRTLLM, Meaning.TRITON_KV_BLOCKS),
          named("nv_inference_pending_request_count", Engine.TRITON, Meaning.WAITING),
          named("nv_inference_exec_count", Engine.TRITON, Meaning.TRITON_EXECUTIONS));

  private final ExpositionReader reader = new ExpositionReader(FAMILIES.keySet());
  private final Map<Engine, Totals> totals = new EnumMap<>(Engine.class);

  /** A reader that has read no page. */
  public MetricsReader() {
    for (var engine : Engine.values()) {
      totals.put(engine, new Totals());
    }
  }

  /** Reads the first {@code length} bytes of {@code page}. Throws nothing, whatever they are. */
  public MetricsPage read(byte[] page, int length) {
    totals.values().forEach(Totals::clear);
    var brokenLines = reader.read(page, length, this::add);
    return writer().page(brokenLines);
  }

  /** The engine that wrote the page: the first that shows both numbers, or any; else vLLM. */
  private Totals writer() {
    @Nullable Totals partial = null;
    for (var engine : totals.values()) {
      engine.addRanks();
      if (engine.waitingSeen && engine.runningSeen) {
        return engine;
      }
      if (partial == null
          && (engine.waitingSeen || engine.runningSeen || !engine.fault.isEmpty())) {
        partial = engine;
      }
    }
    return partial == null ? Objects.requireNonNull(totals.get(Engine.VLLM)) : partial;
  }

  private void add(Sample sample) {
    var family = FAMILIES.get(sample.name());
    if (family == null) {
      return;
    }
    Objects.requireNonNull(totals.get(family.engine)).add(family.meaning, sample);
  }

  private static Map.Entry<String, Family> named(String name, Engine engine, Meaning meaning) {
    return Map.entry(name, new Family(engine, meaning));
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
    private final RankSeries<Meaning> ranks = new RankSeries<>();
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
    private double kvBlockTokens;
    private double kvBlocks;
    private String fault = "";

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
      kvBlockTokens = 0;
      kvBlocks = 0;
      fault = "";
      ranks.clear();
    }

    void add(Meaning meaning, Sample sample) {
      var value = sample.value();
      if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
        fault = sample.name() + " is " + value;
        return;
      }
      if (RankSeries.concerns(sample)) {
        ranks.add(meaning, sample);
      } else {
        add(meaning, sample, value);
      }
    }

    /** Adds what the ranks told, each request once. */
    void addRanks() {
      ranks.forEach((meaning, sample, value) -> add(meaning, sample, value));
      ranks.clear();
    }

    private void add(Meaning meaning, Sample sample, double value) {
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
        case KV_BLOCK_TOKENS -> kvBlockTokens = Math.max(kvBlockTokens, value);
        case KV_BLOCKS -> kvBlocks += value;
        case VLLM_CACHE_CONFIG ->
            kvTokens += number(sample, "block_size") * number(sample, "num_gpu_blocks");
        case VLLM_ADAPTERS -> addAdapters(sample);
        case TRITON_EXECUTIONS -> runningSeen = true; // a total since the start, no load
        case TRITON_REQUESTS -> {
          switch (sample.labels().getOrDefault("request_type", "")) {
            case "waiting" -> add(Meaning.WAITING, sample, value);
            case "scheduled" -> add(Meaning.RUNNING, sample, value);
            default -> {}
          }
        }
        case TRITON_KV_BLOCKS -> {
          switch (sample.labels().getOrDefault("kv_cache_block_type", "")) {
            case "fraction" -> add(Meaning.KV_UTILIZATION, sample, value);
            case "tokens_per" -> add(Meaning.KV_BLOCK_TOKENS, sample, value);
            case "max" -> add(Meaning.KV_BLOCKS, sample, value);
            default -> {}
          }
        }
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
      var problem = "";
      if (!waitingSeen) {
        problem = "the number of waiting requests is missing";
      } else if (!runningSeen) {
        problem = "the number of running requests is missing";
      }
      if (!problem.isEmpty()) {
        problem += fault.isEmpty() ? "" : ": " + fault;
        return new MetricsPage.Unusable(problem, brokenLines);
      }
      return new MetricsPage.Usable(
          new EndpointMetrics(
              (int) waiting,
              (int) running,
              Math.min(1.0, kvUtilization),
              (long) (kvTokens + kvBlockTokens * kvBlocks),
              (long) preemptions,
              maxAdapters,
              runningAdapters,
              waitingAdapters),
          brokenLines);
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
