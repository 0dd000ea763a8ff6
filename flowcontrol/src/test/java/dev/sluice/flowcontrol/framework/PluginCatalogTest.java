package dev.sluice.flowcontrol.framework;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PluginCatalogTest {
  private static final PluginCatalog BUILT_IN = PluginCatalog.builtIn();
  private static final PluginCatalog SAMPLES =
      PluginCatalog.of(List.of(new Samples(sampleType("sample").withAliases("other-name"))));

  /** An enum for a parameter. */
  public enum Mode {
    VERY_STRICT,
    LENIENT
  }

  /** One parameter of each kind. */
  public record Everything(
      int count,
      long size,
      double ratio,
      boolean on,
      String text,
      Duration pause,
      Mode mode,
      List<Duration> waits) {

    static final Everything DEFAULT =
        new Everything(1, 2, 0.5, false, "x", Duration.ofSeconds(1), Mode.LENIENT, List.of());

    public Everything {
      if (count < 0) {
        throw new IllegalArgumentException("count: got " + count + ", allowed >= 0");
      }
    }
  }

  private record Samples(List<PluginType<?>> types) implements PluginSource {
    Samples(PluginType<?>... types) {
      this(List.of(types));
    }
  }

  private static PluginType<QueueAdmissionPolicy> sampleType(String name) {
    return PluginType.of(
        name,
        QueueAdmissionPolicy.class,
        Everything.DEFAULT,
        parameters -> (flow, tenant, band, cost, sizeBytes) -> parameters.on());
  }

  @Test
  void makesAnObjectOfEveryBuiltInType() {
    for (var kind : BUILT_IN.kinds()) {
      for (var type : BUILT_IN.types(kind)) {
        assertThat(BUILT_IN.plugin(kind, type).create()).as(type).isInstanceOf(kind);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "InterFlowDispatchPolicy, global-strict-fairness-policy, best-head",
    "InterFlowDispatchPolicy, global-strict, best-head",
    "InterFlowDispatchPolicy, round-robin-fairness-policy, round-robin",
    "IntraFlowDispatchPolicy, fcfs-ordering-policy, fcfs",
    "IntraFlowDispatchPolicy, edf-ordering-policy, edf",
    "SaturationDetector, concurrency-detector, concurrency",
    "SaturationDetector, utilization-detector, utilization",
    "UsageLimitPolicy, static-usage-limit-policy, static",
    "UsageLimitPolicy, priority-holdback-policy, priority-holdback"
  })
  void knowsUpstreamsNames(String kind, String alias, String type) throws Exception {
    Class<?> spi = Class.forName("dev.sluice.flowcontrol.framework." + kind);

    assertThat(BUILT_IN.plugin(spi, alias).type()).isEqualTo(type);
    assertThat(BUILT_IN.plugin(spi, alias)).isEqualTo(BUILT_IN.plugin(spi, type));
  }

  @Test
  void bindsEveryKindOfValue() {
    var plugin =
        SAMPLES.plugin(
            QueueAdmissionPolicy.class,
            "other-name",
            Map.of(
                "count",
                7,
                "size",
                8,
                "ratio",
                3,
                "on",
                true,
                "text",
                "y",
                "pause",
                "1.5s",
                "mode",
                "veryStrict",
                "waits",
                List.of("200ms", Duration.ofMinutes(5))));

    assertThat(plugin.type()).isEqualTo("sample");
    assertThat(plugin.parameters())
        .isEqualTo(
            new Everything(
                7,
                8,
                3.0,
                true,
                "y",
                Duration.ofMillis(1_500),
                Mode.VERY_STRICT,
                List.of(Duration.ofMillis(200), Duration.ofMinutes(5))));
    assertThat(plugin.create().admits(anyFlow(), anyFlow(), anyBand(), 1, 1)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"very-strict", "VERY_STRICT", "verystrict", "veryStrict"})
  void readsAnEnumHoweverItIsSpelt(String text) {
    var plugin = sample(Map.of("mode", text));

    assertThat(((Everything) plugin.parameters()).mode()).isEqualTo(Mode.VERY_STRICT);
  }

  @ParameterizedTest
  @CsvSource({"30s, 30000", "5m, 300000", "1h, 3600000", "200ms, 200", "0s, 0", "2d, 172800000"})
  void readsDurations(String text, long millis) {
    var plugin = sample(Map.of("pause", text));

    assertThat(((Everything) plugin.parameters()).pause()).isEqualTo(Duration.ofMillis(millis));
  }

  @Test
  void leavesWhatIsNotGivenAtItsDefault() {
    assertThat(sample(Map.of("count", 4L)).parameters())
        .isEqualTo(
            new Everything(4, 2, 0.5, false, "x", Duration.ofSeconds(1), Mode.LENIENT, List.of()));
    assertThat(sample(Map.of())).isEqualTo(SAMPLES.plugin(QueueAdmissionPolicy.class, "sample"));
  }

  @Test
  void namesEveryFaultAtOnce() {
    Map<String, Object> values = new HashMap<>();
    values.put("cuont", 1);
    values.put("count", "many");
    values.put("size", 1.5);
    values.put("ratio", "half");
    values.put("on", "yes");
    values.put("text", 7);
    values.put("pause", "soon");
    values.put("mode", "lax");
    values.put("waits", List.of("1s", 4));

    var thrown = catchThrowableOfType(InvalidPluginException.class, () -> sample(values));

    assertThat(thrown.faults())
        .containsExactlyInAnyOrder(
            "sample: unknown parameter cuont; did you mean count?; known: count, mode, on,"
                + " pause, ratio, size, text, waits",
            "sample.count: got \"many\", allowed whole number",
            "sample.size: got 1.5, allowed whole number",
            "sample.ratio: got \"half\", allowed number",
            "sample.on: got \"yes\", allowed true or false",
            "sample.text: got 7, allowed text",
            "sample.pause: got \"soon\", allowed a duration such as 200ms, 30s, 5m or 1h",
            "sample.mode: got \"lax\", allowed one of very-strict, lenient",
            "sample.waits: got 4, allowed a duration such as 200ms, 30s, 5m or 1h");
  }

  @Test
  void passesOnWhatTheRecordRefuses() {
    assertThatThrownBy(() -> sample(Map.of("count", -1)))
        .isInstanceOf(InvalidPluginException.class)
        .hasMessage("sample.count: got -1, allowed >= 0");
  }

  @ParameterizedTest
  @ValueSource(doubles = {2147483648.0, 1.5, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesANumberThatIsNotAnInt(double value) {
    assertThatThrownBy(() -> sample(Map.of("count", value)))
        .hasMessageContaining("allowed whole number");
  }

  @Test
  void suggestsTheNearestTypeWhereOneIsUnknown() {
    assertThatThrownBy(() -> BUILT_IN.plugin(InterFlowDispatchPolicy.class, "roundrobin"))
        .isInstanceOf(InvalidPluginException.class)
        .hasMessageStartingWith(
            "unknown InterFlowDispatchPolicy roundrobin; did you mean round-robin?; known: ");
  }

  @Test
  void saysIfTheTypeIsOfAnotherKind() {
    assertThatThrownBy(() -> BUILT_IN.plugin(SafeQueue.class, "edf"))
        .isInstanceOf(InvalidPluginException.class)
        .hasMessageContaining("edf is of kind IntraFlowDispatchPolicy");
  }

  private record Hidden(int value) {}

  @Test
  void asksForAPublicRecordOfParameters() {
    var type =
        PluginType.of(
            "hidden",
            QueueAdmissionPolicy.class,
            new Hidden(1),
            parameters -> (flow, tenant, band, cost, sizeBytes) -> true);
    var catalog = PluginCatalog.of(List.of(new Samples(type)));

    assertThatThrownBy(() -> catalog.parameters(QueueAdmissionPolicy.class, "hidden"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("must be public");
  }

  @Test
  void refusesTwoTypesOfAKindWithOneName() {
    var source = new Samples(sampleType("one").withAliases("shared"), sampleType("shared"));

    assertThatThrownBy(() -> PluginCatalog.of(List.of(source)))
        .isInstanceOf(InvalidPluginException.class)
        .hasMessageContaining("QueueAdmissionPolicy shared is provided twice")
        .hasMessageContaining(Samples.class.getName());
  }

  @Test
  void aPluginEqualsThatOfAnotherCatalogWithTheSameTypeAndParameters() {
    var other = PluginCatalog.load(PluginCatalog.class.getClassLoader());
    Map<String, Object> four = Map.of("maxConcurrency", 4);

    var plugin = BUILT_IN.plugin(SaturationDetector.class, "concurrency", four);

    assertThat(plugin)
        .isEqualTo(other.plugin(SaturationDetector.class, "concurrency-detector", four))
        .isNotEqualTo(other.plugin(SaturationDetector.class, "concurrency"))
        .isNotEqualTo(other.plugin(SaturationDetector.class, "ledger"));
  }

  @Test
  void aPluginMadeInCodeEqualsOnlyThoseOfItsMaker() {
    Supplier<QueueAdmissionPolicy> maker = () -> (flow, tenant, band, cost, sizeBytes) -> true;

    var plugin = Plugin.of("all", maker);

    assertThat(plugin)
        .isEqualTo(Plugin.of("all", maker))
        .isNotEqualTo(Plugin.<QueueAdmissionPolicy>of("all", () -> maker.get()));
  }

  @Test
  void describesParametersForDocumentation() {
    assertThat(SAMPLES.parameters(QueueAdmissionPolicy.class, "other-name"))
        .containsExactly(
            new PluginParameter("count", "whole number", 1),
            new PluginParameter("size", "whole number", 2L),
            new PluginParameter("ratio", "number", 0.5),
            new PluginParameter("on", "true or false", false),
            new PluginParameter("text", "text", "x"),
            new PluginParameter("pause", "duration", Duration.ofSeconds(1)),
            new PluginParameter("mode", "one of very-strict, lenient", Mode.LENIENT),
            new PluginParameter("waits", "list of duration", List.of()));
  }

  @Test
  void aQueueThatCannotKeepTheOrderIsRefusedWhenConfigurationIsRead() {
    var edf = BUILT_IN.plugin(IntraFlowDispatchPolicy.class, "edf");
    var list = BUILT_IN.plugin(SafeQueue.class, "list");
    var heap = BUILT_IN.plugin(SafeQueue.class, "heap");
    var builder = FlowControlConfig.builder();

    builder.band(7, BandConfig.DEFAULT.withOrdering(edf, list));
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("bands[7].ordering edf")
        .hasMessageContaining("PRIORITY_ORDER")
        .hasMessageContaining("list has");

    builder.band(7, BandConfig.DEFAULT.withOrdering(edf, heap));
    assertThat(builder.build().band(7).ordering()).isEqualTo(edf);
  }

  private static Plugin<QueueAdmissionPolicy> sample(Map<String, Object> values) {
    return SAMPLES.plugin(QueueAdmissionPolicy.class, "sample", values);
  }

  private static FlowView anyFlow() {
    return FakeFlow.of("a", 1);
  }

  private static BandView anyBand() {
    return FakeBand.empty(1, 1);
  }
}
