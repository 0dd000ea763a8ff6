package dev.sluice.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.scraping.ScrapeOptions;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.gateway.GatewayOptions;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.identity.TenantOptions;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A configuration is read as written, or every fault in it is named with its place. */
class ConfigLoaderTest {
  private static final String POOL = "pool: {endpoints: [{url: \"http://127.0.0.1:8000\"}]}\n";

  @TempDir private Path folder = Path.of("");

  private static ConfigLoader loader(Map<String, String> environment) {
    return new ConfigLoader(PluginCatalog.builtIn(), environment::get);
  }

  private static LoadedConfig load(String yaml) throws InvalidConfigException {
    return loader(Map.of()).load(yaml, "sluice.yaml");
  }

  private static String faultOf(String yaml) {
    var thrown = catchThrowableOfType(InvalidConfigException.class, () -> load(yaml));
    assertThat(thrown).as(yaml).isNotNull();
    return String.valueOf(thrown.getMessage());
  }

  @Test
  void needsTheEndpointsAndNothingElse() throws InvalidConfigException {
    var config = load(POOL);

    assertThat(config.endpoints()).singleElement().extracting("id").isEqualTo("127.0.0.1:8000");
    assertThat(config.gateway().port()).isEqualTo(8080);
    assertThat(config.sections().admin().port()).isEqualTo(9090);
    assertThat(config.flowControl().defaultTtl()).isEqualTo(Duration.ofSeconds(60));
    assertThat(config.flowControl().noEndpointTtl()).isEqualTo(Duration.ofSeconds(60));
    assertThat(config.flowControl().band(7).fairness().type()).isEqualTo("virtual-token");
    assertThat(faultOf("gateway: {port: 1}\n"))
        .isEqualTo(
            "sluice.yaml:1:1: pool.endpoints: is missing; it lists the model servers, at least"
                + " one");
  }

  @Test
  void readsWhetherRequestsThatWouldExpireAreRefused() throws InvalidConfigException {
    var off = load(POOL).flowControl().earlyRefusal();
    var on = load(POOL + "flowControl: {earlyRefusal: {enabled: true, margin: 0.3}}\n");

    assertThat(off.enabled()).isFalse();
    assertThat(off.margin()).isEqualTo(0.1);
    assertThat(on.flowControl().earlyRefusal().enabled()).isTrue();
    assertThat(on.flowControl().earlyRefusal().margin()).isEqualTo(0.3);
    assertThat(faultOf(POOL + "flowControl: {earlyRefusal: {margin: -1}}\n"))
        .contains("flowControl.earlyRefusal.margin: got -1.0, allowed >= 0");
  }

  @Test
  void readsTheShapeOfTheReadme() throws InvalidConfigException {
    var config =
        load(
            """
            gateway: {port: 8081}
            admin: {port: 9091}
            pool:
              endpoints: [{url: "http://127.0.0.1:8000"}, {url: "http://127.0.0.1:8001", id: b}]
            tenants:
              - id: gold
                priority: 10
                weight: 2
                apiKeySha256: ["9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"]
              - {id: batch, priority: -1, limits: {maxQueuedRequests: 200, maxBytes: 1Gi}}
            plugins:
              - {name: small, type: concurrency-detector, parameters: {maxConcurrency: 4}}
            flowControl:
              maxRequests: 5k
              maxBytes: 500Mi
              defaultRequestTTL: 1m30s
              saturationDetector: {pluginRef: small}
              priorityBands:
                - {priority: 10, maxRequests: 1000, fairnessPolicyRef: round-robin}
                - {priority: 0, orderingPolicyRef: edf-ordering-policy, ttl: 200ms}
            """);

    var engine = config.flowControl();
    assertThat(engine.maxRequests()).isEqualTo(5_000);
    assertThat(engine.maxBytes()).isEqualTo(524_288_000);
    assertThat(engine.defaultTtl()).isEqualTo(Duration.ofSeconds(90));
    assertThat(engine.detector()).hasToString(engine.detector().toString());
    assertThat(String.valueOf(engine.detector().parameters())).contains("maxConcurrency=4");
    assertThat(engine.band(10).limits().maxRequests()).isEqualTo(1_000);
    assertThat(engine.band(10).fairness().type()).isEqualTo("round-robin");
    assertThat(engine.band(0).queue().type()).as("one that keeps the order").isEqualTo("heap");
    assertThat(engine.band(0).timeToLive()).isEqualTo(Duration.ofMillis(200));
    assertThat(engine.tenant("gold").weight()).isEqualTo(2.0);
    assertThat(engine.tenant("batch").maxBytes()).isEqualTo(1L << 30);
    assertThat(config.gateway().identity().tenants()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gateway: {prot: 1}|sluice.yaml:2:11: gateway.prot: unknown key; did you mean port? allowed:",
        "gatewy: {port: 1}|sluice.yaml:2:1: gatewy: unknown key; did you mean gateway? allowed:",
        "gateway: {port: 70000}|sluice.yaml:2:17: gateway.port: got 70000, allowed 0 to 65535",
        "gateway: {port: many}|sluice.yaml:2:17: gateway.port: got many, allowed a whole number",
        "gateway: {port: 1, port: 2}|sluice.yaml:2:20: gateway.port: is listed twice",
        "gateway: {bodyTimeout: 5}|gateway.bodyTimeout: got 5, allowed a duration such as",
        "gateway: {bodyTimeout: 0s}|gateway.bodyTimeout: got PT0S, allowed > 0",
        "gateway: {requireApiKey: yes}|gateway.requireApiKey: got yes, allowed true or false",
        "gateway: {requireApiKey: true}|gateway.requireApiKey: got true, but no tenant has",
        "admin: {port: 8080}|sluice.yaml:2:15: admin.port: got 8080, which is gateway.port",
        "gateway: {port: 9090}|admin.port: got 9090, which is gateway.port",
        "gateway: {anonymous: {tenant: x}}|gateway.anonymous.tenant: got x, allowed the id of a",
        "gateway: {paths: {/v1/x: pass}}|:2:26: gateway.paths./v1/x: got pass, allowed one of",
        "gateway: {paths: {v1: unread}}|gateway.paths.v1: got this path, allowed a path such as",
        "gateway: {maxBodyBytes: 1GB}|gateway.maxBodyBytes: got 1GB, allowed a whole number",
        "gateway: {maxBodyBytes: -1}|gateway.maxBodyBytes: got -1, allowed > 0",
        "gateway: []|sluice.yaml:2:10: gateway: got a list, allowed a mapping of keys",
        "tenants: {}|sluice.yaml:2:10: tenants: got a mapping, allowed a list",
        "tenants: [{priority: 1}]|tenants[0].id: is missing",
        "tenants: [{id: a, weight: -1}]|sluice.yaml:2:27: tenants[0].weight: got -1.0, allowed > 0",
        "tenants: [{id: a}, {id: a}]|tenants[1].id: tenant a is listed twice",
        "tenants: [{id: a, apiKeySha256: [12]}]|tenants[0].apiKeySha256: got 12, allowed 64 hex",
        "tenants: [{id: a, objectives: [x]}]|tenants[0].objectives: got x, allowed one of",
        "flowControl: {maxRequests: -1}|flowControl.maxRequests: got -1, allowed >= 0",
        "flowControl: {priorityBands: [{priority: 1}, {priority: 1}]}|duplicate priority level 1",
        "flowControl: {priorityBands: [{maxRequests: 1}]}|priorityBands[0].priority: is missing",
        "flowControl: {bandPolicyRef: strickt}|flowControl.bandPolicyRef: ",
        "flowControl: {enableEviction: true}|flowControl.enableEviction: got true, allowed false",
        "flowControl: {costModelRef: {parameters: {}}}|flowControl.costModelRef: needs a type",
        "flowControl: {bandIdleTimeout: 1s}|flowControl.bandIdleTimeout: got PT1S, allowed >=",
      })
  void namesAFaultWithItsPlace(String line, String fault) {
    assertThat(faultOf(POOL + line + "\n")).contains(fault);
  }

  private static final String KEY =
      "tenants: [{id: %s, priority: %d, apiKeySha256: [" + "ab".repeat(32) + "]}%s]\n";

  @Test
  void listensForOperatorsOnTheSameMachineOnly() throws InvalidConfigException {
    assertThat(load(POOL).sections().admin().host()).isEqualTo("127.0.0.1");
    assertThat(load(POOL + "gateway: {port: 0}\nadmin: {port: 0}\n").sections().admin().port())
        .isZero();
  }

  @Test
  void warnsWhereLeavingTheKeyOutGainsPriority() throws InvalidConfigException {
    var guests = ", {id: guests, priority: %d}";
    var anonymous = "gateway: {anonymous: {tenant: guests}}\n";

    assertThat(load(POOL + KEY.formatted("batch", -1, "")).warnings()).isEmpty();
    assertThat(load(POOL + anonymous + KEY.formatted("batch", -1, guests.formatted(-1))).warnings())
        .isEmpty();
    assertThat(load(POOL + anonymous + KEY.formatted("batch", -1, guests.formatted(0))).warnings())
        .singleElement()
        .asString()
        .contains(
            "tenants[0].priority: requests of tenant batch have priority -1, and requests without"
                + " a key have 0");
    assertThat(
            load(POOL
                    + "gateway: {anonymous: {tenant: guests}, objectives: {urgent: 5}}\n"
                    + KEY.formatted("gold", 4, ", {id: guests, objectives: [urgent]}"))
                .warnings())
        .hasSize(1);
    assertThat(
            load(POOL + "gateway: {trustTenantHeader: true}\ntenants: [{id: a, priority: -2}]\n")
                .warnings())
        .hasSize(1);
  }

  @Test
  void warnsOfATenantThatNoRequestCanBelongTo() throws InvalidConfigException {
    assertThat(load(POOL + KEY.formatted("gold", 1, ", {id: lost}")).warnings())
        .singleElement()
        .asString()
        .contains("tenants[1]: no request can belong to tenant lost");
    assertThat(load(POOL + "gateway: {trustTenantHeader: true}\ntenants: [{id: a}]\n").warnings())
        .isEmpty();
    assertThat(load(POOL + KEY.formatted("gold", 1, ", {id: default-flow}")).warnings())
        .singleElement()
        .asString()
        .contains("no request can belong to tenant default-flow");
    assertThat(load(POOL + "tenants: [{id: default-flow}]\n").warnings()).isEmpty();
  }

  @Test
  void refusesAnAnonymousTenantWhereEveryRequestNeedsAKey() {
    assertThat(
            faultOf(
                POOL
                    + "gateway: {requireApiKey: true, anonymous: {tenant: gold}}\n"
                    + KEY.formatted("gold", 1, "")))
        .contains("gateway.anonymous.tenant: got gold, but gateway.requireApiKey refuses");
  }

  @Test
  void everyKeyOfTheGatewayAndThePoolArrives() throws InvalidConfigException {
    var key = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    var config =
        load(
            """
            gateway:
              host: 127.0.0.2
              port: 81
              eventLoops: 3
              maxBodyBytes: 11k
              maxHeaderBytes: 12k
              maxHeaders: 77
              bodyBudgetBytes: 13M
              bodyTimeout: 14s
              connectTimeout: 15s
              responseTimeout: 16s
              clientTimeout: 17s
              upstreamApiKey: sesame
              askForUsage: false
              trustTenantHeader: true
              tenantHeaders: [x-tenant]
              requireApiKey: true
              objectives: {urgent: 9}
            pool:
              endpoints:
                - {url: "http://a:1", id: e, models: [m], adapters: [l], capacity: 2.5, maxRequests: 7}
              metricsPath: /m
              metricsPeriod: 18ms
              metricsTimeout: 19ms
              healthPath: /h
              healthPeriod: 20ms
              healthTimeout: 21ms
              failureThreshold: 22
              successThreshold: 23
              modelsPath: /l
              modelsPeriod: 24h
            tenants:
              - id: t
                priority: 4
                apiKeySha256: [%s]
                objectives: [urgent]
                ttl: 25s
                maySetTTL: true
            flowControl: {drain: 26s}
            """
                .formatted(key));

    var tenant =
        new TenantOptions("t", 4, Set.of(key), Set.of("urgent"), Duration.ofSeconds(25), true);
    assertThat(config.gateway())
        .isEqualTo(
            GatewayOptions.builder()
                .host("127.0.0.2")
                .port(81)
                .eventLoops(3)
                .maxBodyBytes(11_000)
                .maxHeaderBytes(12_000)
                .maxHeaders(77)
                .bodyBudgetBytes(13_000_000)
                .bodyTimeout(Duration.ofSeconds(14))
                .connectTimeout(Duration.ofSeconds(15))
                .responseTimeout(Duration.ofSeconds(16))
                .clientTimeout(Duration.ofSeconds(17))
                .upstreamApiKey("sesame")
                .askForUsage(false)
                .identity(
                    new IdentityOptions(
                        List.of(tenant), Map.of("urgent", 9), true, List.of("x-tenant"), true))
                .build());
    assertThat(config.endpoints())
        .containsExactly(
            new EndpointConfig("e", URI.create("http://a:1"), Set.of("m"), Set.of("l"), 2.5, 7));
    assertThat(config.scraping())
        .isEqualTo(
            new ScrapeOptions(
                "/m",
                Duration.ofMillis(18),
                Duration.ofMillis(19),
                "/h",
                Duration.ofMillis(20),
                Duration.ofMillis(21),
                "/l",
                Duration.ofHours(24),
                ScrapeOptions.DEFAULT.maxPageBytes()));
    assertThat(config.health()).isEqualTo(new HealthThresholds(22, 23));
    assertThat(config.drain()).isEqualTo(Duration.ofSeconds(26));
  }

  @ParameterizedTest
  @CsvSource({
    "5000, 5000", "5_000, 5000", "1k, 1000", "2M, 2000000", "3G, 3000000000",
    "4T, 4000000000000", "1Ki, 1024", "2Mi, 2097152", "3Gi, 3221225472", "4Ti, 4398046511104"
  })
  void readsQuantitiesWithTheirUnits(String text, long bytes) throws InvalidConfigException {
    assertThat(load(POOL + "gateway: {maxBodyBytes: " + text + "}").gateway().maxBodyBytes())
        .isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "7000000ns, PT0.007S",
    "7000us, PT0.007S",
    "7ms, PT0.007S",
    "7s, PT7S",
    "7m, PT7M",
    "7h, PT7H",
    "2d, PT48H",
    "1h30m15s, PT1H30M15S"
  })
  void readsDurationsWithTheirUnits(String text, Duration time) throws InvalidConfigException {
    assertThat(load(POOL + "gateway: {bodyTimeout: " + text + "}").gateway().bodyTimeout())
        .isEqualTo(time);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gateway: {maxBodyBytes: 9000000Ti}|gateway.maxBodyBytes: got 9000000Ti, allowed a number below",
        "gateway: {bodyTimeout: 36501d}|gateway.bodyTimeout: got 36501d, allowed a duration of at most",
        "gateway: {tenantHeaders: [a, null]}|gateway.tenantHeaders[1]: got nothing, allowed a value",
        "gateway: {objectives: {a: 1, a: 2}}|gateway.objectives.a: is listed twice",
        "plugins: [{name: a, type: fcfs}, {name: a, type: fcfs}]|plugin name a is listed twice",
        "tenants: [{id: a, weight: .nan}]|tenants[0].weight: got ",
        "tenants: [{id: a, weight: NaN}]|tenants[0].weight: got NaN, allowed > 0",
      })
  void namesAFaultOfUnitsAndNames(String line, String fault) {
    assertThat(faultOf(POOL + line + "\n")).contains(fault);
  }

  @Test
  void refusesTwoEndpointsOfOneName() {
    assertThat(faultOf("pool: {endpoints: [{url: \"http://a:1\"}, {url: \"http://a:1/x\"}]}\n"))
        .endsWith("pool.endpoints[1]: endpoint a:1 is listed twice");
  }

  @Test
  void namesThePluginThatIsUnknownAndTheParameterThatIsWrong() {
    assertThat(
            faultOf(POOL + "flowControl: {priorityBands: [{priority: 1, fairnessPolicyRef: rr}]}"))
        .startsWith("sluice.yaml:2:64: flowControl.priorityBands[0].fairnessPolicyRef: ")
        .contains("rr", "round-robin", "virtual-token");
    assertThat(
            faultOf(
                POOL
                    + "flowControl: {saturationDetector: {pluginRef: {type: concurrency-detector,"
                    + " parameters: {maxConcurency: 4}}}}"))
        .contains("flowControl.saturationDetector.pluginRef: ")
        .contains("maxConcurency", "maxConcurrency");
    assertThat(
            faultOf(
                POOL
                    + "plugins: [{name: d, type: concurrency-detector, parameters:"
                    + " {maxConcurrency: 0}}]\n"
                    + "flowControl: {saturationDetector: {pluginRef: d}}"))
        .contains("sluice.yaml:2:11: plugins[0]: ")
        .contains("maxConcurrency: got 0, allowed > 0");
  }

  @Test
  void checksAPluginThatNothingRefersTo() throws InvalidConfigException {
    var detector = "plugins: [{type: concurrency-detector, parameters: {maxConcurrency: %d}}]";

    assertThat(faultOf(POOL + "plugins: [{name: a, type: nothing}]"))
        .isEqualTo("sluice.yaml:2:11: plugins[0]: unknown plugin type nothing");
    assertThat(faultOf(POOL + detector.formatted(0)))
        .startsWith("sluice.yaml:2:11: plugins[0]: ")
        .contains("maxConcurrency: got 0, allowed > 0");
    assertThat(faultOf(POOL + "plugins: [{name: a}]").lines()).hasSize(1);
    assertThat(load(POOL + detector.formatted(1)).sections().plugins()).hasSize(1);
  }

  @Test
  void reportsNoFaultThatFollowsFromAnother() {
    var fault =
        faultOf(
            """
            pool: {endpoints: [{url: "ftp://a"}, {url: "ftp://b"}]}
            tenants: [{id: a, weight: 0}, {id: b, weight: 0}, {weight: 1}]
            plugins: [{name: a}, {name: a}]
            flowControl: {priorityBands: [{priority: 1, maxBytes: -1}, {priority: 2, maxBytes: -1}]}
            """);

    assertThat(fault.lines()).as(fault).hasSize(9);
    assertThat(fault).doesNotContain("is listed twice", "duplicate");
  }

  @Test
  void reportsTheFaultsOfAllStagesTogether() {
    var fault =
        faultOf(
            """
            gateway: {port: many}
            pool: {endpoints: [{url: "http://127.0.0.1:8000"}], metricsTimeout: 500us}
            flowControl:
              bandIdleTimeout: 1s
              saturationDetector: {pluginRef: nonsense}
              priorityBands:
                - {priority: 1, orderingPolicyRef: edf, queueRef: list}
                - {priority: 1}
            """);

    assertThat(fault.lines())
        .as(fault)
        .hasSize(6)
        .anyMatch(line -> line.contains("priorityBands[0]: ordering edf: needs a queue with"))
        .anyMatch(line -> line.contains("gateway.port: got many"))
        .anyMatch(line -> line.contains("pool.metricsTimeout: got PT0.0005S"))
        .anyMatch(line -> line.contains("pluginRef: unknown SaturationDetector nonsense"))
        .anyMatch(line -> line.contains("priorityBands[1].priority: duplicate"))
        .anyMatch(line -> line.contains("bandIdleTimeout: got PT1S"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "priorityBands: [{priority: 1, orderingPolicyRef: edf, queueRef: lst}]",
        "priorityBands: [{priority: 1, orderingPolicyRef: edff, queueRef: list}]",
        "priorityBands: [{orderingPolicyRef: edf, queueRef: list}]",
        "defaultPriorityBand: {orderingPolicyRef: edf, queueRef: lst}",
        "defaultNegativePriorityBand: {orderingPolicyRef: edf, queueRef: lst}",
      })
  void saysNothingOfABandForWhichAnotherStandsIn(String band) {
    var fault = faultOf(POOL + "flowControl: {" + band + "}");

    assertThat(fault.lines()).as(fault).hasSize(1);
  }

  @Test
  void namesTheDefaultBandWhoseQueueLacksACapability() {
    var yaml = POOL + "flowControl:\n  %s: {orderingPolicyRef: edf, queueRef: list}\n";

    assertThat(faultOf(yaml.formatted("defaultPriorityBand")))
        .startsWith("sluice.yaml:3:24: flowControl.defaultPriorityBand: ordering edf: needs")
        .hasLineCount(1);
    assertThat(faultOf(yaml.formatted("defaultNegativePriorityBand")))
        .startsWith("sluice.yaml:3:32: flowControl.defaultNegativePriorityBand: ordering edf")
        .hasLineCount(1);
  }

  @Test
  void suggestsNamesOfThePluginListToo() {
    var yaml =
        POOL
            + "plugins: [{name: small, type: concurrency}, {name: large, type: concurrency}]\n"
            + "flowControl: {saturationDetector: {pluginRef: %s}}\n";

    assertThat(faultOf(yaml.formatted("smal")))
        .contains("unknown SaturationDetector smal; known: concurrency, ")
        .endsWith("; did you mean small? plugins has: large, small");
    assertThat(faultOf(yaml.formatted("concurency")))
        .contains("did you mean concurrency?")
        .endsWith("; plugins has: large, small");
    assertThat(faultOf(yaml.formatted("{type: smal}"))).doesNotContain("plugins has");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "metricsTimeout: 500us|pool.metricsTimeout: got PT0.0005S, allowed 1ms to 1d",
        "healthPeriod: 2d|pool.healthPeriod: got PT48H, allowed 1ms to 1d",
      })
  void namesThePlaceOfWhatOnlyThePartThatUsesItRefuses(String key, String fault) {
    var pool = "pool: {endpoints: [{url: \"http://127.0.0.1:8000\"}], " + key + "}";

    assertThat(faultOf(pool)).startsWith("sluice.yaml:1:").endsWith(fault);
  }

  @Test
  void reportsAPluginOfManyReferencesOnce() {
    var fault =
        faultOf(
            POOL
                + "plugins: [{name: a, type: fcfs, parameters: {x: 1}}]\n"
                + "flowControl:\n"
                + "  priorityBands:\n"
                + "    - {priority: 1, orderingPolicyRef: a}\n"
                + "    - {priority: 2, orderingPolicyRef: a}\n");

    assertThat(fault.lines()).hasSize(1);
  }

  @Test
  void refusesValuesThatContainThemselves() {
    assertThat(faultOf(POOL + "plugins: [{type: fcfs, parameters: {x: &x [1, *x]}}]"))
        .contains("plugins[0].parameters.x: contains itself");
  }

  @Test
  void refusesAKeyOfTwoTenants() {
    var key = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    assertThat(
            faultOf(
                POOL
                    + "tenants:\n"
                    + "  - {id: a, apiKeySha256: [%s]}\n".formatted(key)
                    + "  - {id: b, apiKeySha256: [%s]}\n".formatted(key.toUpperCase(Locale.ROOT))))
        .isEqualTo(
            "sluice.yaml:4:27: tenants[1].apiKeySha256: key " + key + " is another tenant's, too");
  }

  @Test
  void namesTheBandWhoseQueueLacksACapability() {
    var fault =
        faultOf(
            POOL
                + "flowControl:\n"
                + "  priorityBands:\n"
                + "    - {priority: 1, orderingPolicyRef: edf, queueRef: list}\n");

    assertThat(fault)
        .startsWith("sluice.yaml:4:7: flowControl.priorityBands[0]: ")
        .contains("PRIORITY_ORDER");
  }

  @Test
  void reportsEveryFaultAtOnce() {
    var fault = faultOf(POOL + "gateway: {port: -1, clientTimeout: 0s}\nadmin: {prt: 1}\n");

    assertThat(fault.lines()).hasSize(3);
  }

  @Test
  void takesSecretsFromTheEnvironment() throws InvalidConfigException {
    var yaml = POOL + "gateway: {upstreamApiKey: \"${KEY}\", host: \"${HOST:-127.0.0.1}\"}";

    var config = loader(Map.of("KEY", "a$b")).load(yaml, "sluice.yaml");

    assertThat(config.gateway().upstreamApiKey()).isEqualTo("a$b");
    assertThat(config.gateway().host()).isEqualTo("127.0.0.1");
    assertThat(faultOf(yaml))
        .isEqualTo(
            "sluice.yaml:2:27: gateway.upstreamApiKey: the environment variable KEY is not set");
  }

  @Test
  void saysWhyAFileCannotBeRead() throws Exception {
    var latin = Files.write(folder.resolve("latin.yaml"), new byte[] {'a', (byte) 0xE9});
    var empty = Files.writeString(folder.resolve("empty.yaml"), "# nothing\n");
    var broken = Files.writeString(folder.resolve("broken.yaml"), "gateway: {port: 1\n");

    assertThat(faultOfFile(folder.resolve("none.yaml"))).endsWith("there is no such file");
    assertThat(faultOfFile(folder)).endsWith("it is a directory");
    assertThat(faultOfFile(latin)).endsWith("it is not UTF-8 text");
    assertThat(faultOfFile(empty)).contains("is empty");
    assertThat(faultOfFile(broken)).contains("broken.yaml:2:1: is not valid YAML: ");
    var good = Files.writeString(folder.resolve("good.yaml"), POOL, StandardCharsets.UTF_8);
    assertThat(loader(Map.of()).load(good).endpoints()).hasSize(1);
  }

  private static String faultOfFile(Path file) {
    var thrown =
        catchThrowableOfType(InvalidConfigException.class, () -> loader(Map.of()).load(file));
    return String.valueOf(thrown.getMessage());
  }
}
