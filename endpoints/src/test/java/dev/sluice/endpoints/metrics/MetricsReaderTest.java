package dev.sluice.endpoints.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MetricsReaderTest {
  private final MetricsReader reader = new MetricsReader();

  private MetricsPage read(String page) {
    var bytes = page.getBytes(UTF_8);
    return reader.read(bytes, bytes.length);
  }

  private EndpointMetrics metrics(String page) {
    return ((MetricsPage.Usable) read(page)).metrics();
  }

  private static final String VLLM =
      """
      # HELP vllm:num_requests_running Number of requests in model execution batches.
      # TYPE vllm:num_requests_running gauge
      vllm:num_requests_running{engine="0",model_name="m"} 3.0
      vllm:num_requests_running{engine="1",model_name="m"} 4.0
      vllm:num_requests_waiting{engine="0",model_name="m"} 2.0
      vllm:num_requests_waiting{engine="1",model_name="m"} 0.0
      vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
      vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.75
      vllm:num_preemptions_total{engine="0",model_name="m"} 5.0
      vllm:num_preemptions_created{engine="0",model_name="m"} 1.75e+09
      vllm:cache_config_info{block_size="16",engine="0",num_gpu_blocks="1000",num_cpu_blocks="None"} 1.0
      vllm:cache_config_info{block_size="16",engine="1",num_gpu_blocks="2000"} 1.0
      vllm:lora_requests_info{max_lora="4",running_lora_adapters="old",waiting_lora_adapters=""} 1.7e9
      vllm:lora_requests_info{max_lora="4",running_lora_adapters="a,b",waiting_lora_adapters="c"} 1.8e9
      """;

  @Test
  void addsUpCountsAndTakesTheFullestCacheOfVllm() {
    assertThat(read(VLLM))
        .isEqualTo(
            new MetricsPage.Usable(
                new EndpointMetrics(2, 7, 0.75, 48_000, 5, 4, Set.of("a", "b"), Set.of("c")), 0));
  }

  @Test
  void forgetsOnePageBeforeTheNext() {
    var first = read(VLLM);
    assertThat(read(VLLM)).isEqualTo(first);
    assertThat(metrics("vllm:num_requests_running 1\nvllm:num_requests_waiting 0\n"))
        .isEqualTo(new EndpointMetrics(0, 1, 0, 0, 0, 0, Set.of(), Set.of()));
  }

  @Test
  void knowsTheOldNameOfVllmsCacheUsage() {
    var page =
        "vllm:num_requests_running 1\nvllm:num_requests_waiting 0\nvllm:gpu_cache_usage_perc 0.5\n";
    assertThat(metrics(page).kvUtilization()).isEqualTo(0.5);
  }

  @Test
  void readsSglangAndCountsEachRequestOnceOverParallelRanks() {
    assertThat(
            metrics(
                """
                sglang:num_running_reqs{model_name="m",tp_rank="0",dp_rank="0"} 3.0
                sglang:num_running_reqs{model_name="m",tp_rank="1",dp_rank="0"} 3.0
                sglang:num_running_reqs{model_name="m",tp_rank="0",dp_rank="1"} 2.0
                sglang:num_running_reqs{model_name="m",tp_rank="0",pp_rank="1"} 3.0
                sglang:num_queue_reqs{model_name="m",tp_rank="0"} 4.0
                sglang:token_usage{model_name="m"} 0.28
                sglang:max_total_num_tokens{model_name="m"} 1e5
                """))
        .isEqualTo(new EndpointMetrics(4, 5, 0.28, 100_000, 0, 0, Set.of(), Set.of()));
  }

  @Test
  void readsLlamaCpp() {
    var page =
        """
        # TYPE llamacpp:requests_processing gauge
        llamacpp:requests_processing 4
        # TYPE llamacpp:requests_deferred gauge
        llamacpp:requests_deferred 61
        llamacpp:n_busy_slots_per_decode 3.5
        """;

    assertThat(metrics(page)).isEqualTo(new EndpointMetrics(61, 4, 0, 0, 0, 0, Set.of(), Set.of()));
    assertThat(metrics(page + "llamacpp:kv_cache_usage_ratio 0.5\n").kvUtilization())
        .isEqualTo(0.5);
  }

  @Test
  void findsAPageOfLlamaCppUnusableThatSaysNotHowManyWait() {
    assertThat(read("llamacpp:requests_processing 4\n"))
        .isEqualTo(new MetricsPage.Unusable("the number of waiting requests is missing", 0));
  }

  @Test
  void takesVllmsNumbersFromAPageThatHasBothEngines() {
    var page = "sglang:num_running_reqs 8\nsglang:num_queue_reqs 9\n" + VLLM;

    assertThat(read(page)).isEqualTo(read(VLLM));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<html>not found</html>",
        "up 1\n",
        "vllm:num_requests_running 1\n",
        "vllm:num_requests_waiting 1\n",
        "vllm:num_requests_running NaN\nvllm:num_requests_waiting 1\n",
        "vllm:num_requests_running 1\nvllm:num_requests_waiting +Inf\n",
        "vllm:num_requests_running 1\nvllm:num_requests_waiting -1\n",
        "sglang:num_running_reqs 1\n"
      })
  void findsAPageUnusableThatDoesNotSayHowTheEndpointIs(String page) {
    assertThat(read(page)).isInstanceOf(MetricsPage.Unusable.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-0.39", "NaN", "+Inf"})
  void oneBadNumberSpoilsItsSeriesOnly(String bad) {
    var page = "sglang:num_running_reqs 3\nsglang:num_queue_reqs 4\n";

    assertThat(metrics(page + "sglang:token_usage " + bad + "\n"))
        .isEqualTo(new EndpointMetrics(4, 3, 0, 0, 0, 0, Set.of(), Set.of()));
    assertThat(
            metrics(page + "sglang:num_running_reqs{dp_rank=\"1\"} " + bad + "\n")
                .runningRequests())
        .isEqualTo(3);
  }

  @Test
  void takesTheLowestRankOfEachDataParallelRankOfSglang() {
    assertThat(
            metrics(
                """
                sglang:num_running_reqs{dp_rank="0",tp_rank="0",pp_rank="0"} 10.0
                sglang:num_running_reqs{dp_rank="0",tp_rank="1",pp_rank="0"} 10.0
                sglang:num_running_reqs{dp_rank="1",tp_rank="2",pp_rank="0"} 81.0
                sglang:num_running_reqs{dp_rank="1",tp_rank="3",pp_rank="0"} 81.0
                sglang:num_queue_reqs{dp_rank="0",tp_rank="0",pp_rank="0"} 0.0
                sglang:num_queue_reqs{dp_rank="1",tp_rank="2",pp_rank="0"} 36.0
                sglang:token_usage{dp_rank="0",tp_rank="0"} 0.1
                sglang:token_usage{dp_rank="1",tp_rank="2"} 0.9
                """))
        .isEqualTo(new EndpointMetrics(36, 91, 0.9, 0, 0, 0, Set.of(), Set.of()));
  }

  @Test
  void addsPrioritiesToNoTotalOfSglang() {
    var parts =
        """
        sglang:num_running_reqs{tp_rank="0",priority="0"} 3.0
        sglang:num_running_reqs{tp_rank="0",priority="7"} 4.0
        sglang:num_queue_reqs{tp_rank="0",priority="0"} 5.0
        """;

    assertThat(metrics(parts).runningRequests()).isEqualTo(7);
    var page =
        metrics(
            parts
                + "sglang:num_running_reqs{tp_rank=\"0\",priority=\"\"} 7.0\n"
                + "sglang:num_queue_reqs{tp_rank=\"0\",priority=\"\"} 5.0\n");
    assertThat(page.runningRequests()).isEqualTo(7);
    assertThat(page.waitingRequests()).isEqualTo(5);
  }

  @Test
  void readsTgi() {
    assertThat(metrics("tgi_queue_size 3\ntgi_batch_current_size 4\n"))
        .isEqualTo(new EndpointMetrics(3, 4, 0, 0, 0, 0, Set.of(), Set.of()));
  }

  @Test
  void readsTensorRtLlmsServer() {
    assertThat(
            metrics(
                """
                trtllm_num_requests_waiting{model_name="m"} 3
                trtllm_num_requests_running{model_name="m"} 4
                trtllm_kv_cache_utilization{model_name="m"} 0.5
                trtllm_kv_cache_tokens_per_block 32
                trtllm_kv_cache_max_blocks 1000
                """))
        .isEqualTo(new EndpointMetrics(3, 4, 0.5, 32_000, 0, 0, Set.of(), Set.of()));
  }

  @Test
  void readsTritonWithTensorRtLlm() {
    assertThat(
            metrics(
                """
                nv_trt_llm_request_metrics{model="t",request_type="waiting",version="1"} 3
                nv_trt_llm_request_metrics{model="t",request_type="scheduled",version="1"} 4
                nv_trt_llm_request_metrics{model="t",request_type="max",version="1"} 512
                nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="fraction",model="t"} 0.25
                nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="tokens_per",model="t"} 64
                nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="max",model="t"} 100
                nv_inference_pending_request_count{model="t"} 9
                """))
        .isEqualTo(new EndpointMetrics(3, 4, 0.25, 6_400, 0, 0, Set.of(), Set.of()));
  }

  @Test
  void takesTritonsTotalOfExecutionsForNoLoad() {
    assertThat(
            metrics(
                """
                nv_inference_pending_request_count{model="t"} 9
                nv_inference_exec_count{model="t"} 123456
                """))
        .isEqualTo(new EndpointMetrics(9, 0, 0, 0, 0, 0, Set.of(), Set.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"llama.cpp-idle", "llm-d-sim-idle", "vllm-0.32.0-idle", "vllm-0.32.0-after-load"})
  void readsThePagesOfRealServers(String name) throws Exception {
    try (var in = getClass().getResourceAsStream("/pages/" + name + ".metrics")) {
      var page = new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);

      assertThat(read(page.substring(page.indexOf("\n\n") + 2)))
          .isInstanceOf(MetricsPage.Usable.class);
    }
  }

  @Test
  void keepsHugeNumbersWithinTheirRange() {
    var metrics =
        metrics(
            """
            vllm:num_requests_running 1e300
            vllm:num_requests_waiting 1e300
            vllm:kv_cache_usage_perc 3
            """);
    assertThat(metrics.waitingRequests()).isEqualTo(Integer.MAX_VALUE);
    assertThat(metrics.requests()).isEqualTo(Integer.MAX_VALUE);
    assertThat(metrics.kvUtilization()).isEqualTo(1.0);
  }

  @Test
  void countsBrokenLines() {
    var page =
        "vllm:num_requests_running 1\nvllm:num_requests_waiting 0\nvllm:kv_cache_usage_perc x\n";
    assertThat(((MetricsPage.Usable) read(page)).brokenLines()).isEqualTo(1);
  }
}
