package dev.sluice.server.config;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.scraping.ScrapeOptions;
import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.InvalidPluginException;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import dev.sluice.gateway.GatewayOptions;
import dev.sluice.inference.BySize;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.identity.TenantOptions;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads configuration files. All that is wrong with one is reported at once. Thread-safe. */
public final class ConfigLoader {
  private final PluginCatalog catalog;
  private final Function<String, @Nullable String> environment;

  /** With the built-in plugins, those on the class path, and the process's environment. */
  public ConfigLoader() {
    this(
        PluginCatalog.load(ConfigLoader.class.getClassLoader()), name -> System.getenv().get(name));
  }

  /** With other plugins and another environment. */
  public ConfigLoader(PluginCatalog catalog, Function<String, @Nullable String> environment) {
    this.catalog = catalog;
    this.environment = environment;
  }

  /** Reads a file. */
  public LoadedConfig load(Path file) throws InvalidConfigException {
    try {
      return load(Files.readString(file, StandardCharsets.UTF_8), file.toString());
    } catch (NoSuchFileException e) {
      throw unreadable(file, "there is no such file");
    } catch (CharacterCodingException e) {
      throw unreadable(file, "it is not UTF-8 text");
    } catch (IOException e) {
      var reason = Files.isDirectory(file) ? "it is a directory" : e.getMessage();
      throw unreadable(file, Objects.toString(reason, "unknown"));
    }
  }

  private static InvalidConfigException unreadable(Path file, String reason) {
    return new InvalidConfigException(List.of(file + ": cannot be read: " + reason));
  }

  /** Reads a text; {@code name} stands for the file's name in messages. */
  public LoadedConfig load(String yaml, String name) throws InvalidConfigException {
    var binder = new Binder(name, environment);
    var root = compose(yaml, name);
    var sections = binder.record("", root, SluiceConfig.class, SluiceConfig.DEFAULT);
    new Required(binder, root).check();
    var loaded = new Translation(binder, sections).translate();
    if (!binder.faults().isEmpty() || loaded == null) {
      throw new InvalidConfigException(binder.faults());
    }
    return loaded;
  }

  private static Node compose(String yaml, String name) throws InvalidConfigException {
    try {
      var settings = LoadSettings.builder().setLabel(name).setAllowDuplicateKeys(true).build();
      var node = new Compose(settings).composeReader(new StringReader(yaml));
      return node.orElseThrow(() ->
          new InvalidConfigException(
              List.of(name + ": is empty; it has to name pool.endpoints at least")));
    } catch (MarkedYamlEngineException e) {
      var place =
          e.getProblemMark()
              .map(mark -> ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1))
              .orElse("");
      throw new InvalidConfigException(
          List.of(name + place + ": is not valid YAML: " + e.getProblem()));
    } catch (YamlEngineException e) {
      throw new InvalidConfigException(List.of(name + ": is not valid YAML: " + e.getMessage()));
    }
  }

  /** From sections to what the parts of the process want. */
  private final class Translation {
    private final Binder binder;
    private final SluiceConfig sections;
    private final Map<String, PluginSection> named = new HashMap<>();
    private final Set<PluginSection> used = new HashSet<>();

    Translation(Binder binder, SluiceConfig sections) {
      this.binder = binder;
      this.sections = sections;
    }

    @Nullable LoadedConfig translate() {
      for (var i = 0; i < sections.plugins().size(); i++) {
        var plugin = sections.plugins().get(i);
        if (binder.isWhole("plugins[" + i + "]") && named.put(plugin.name(), plugin) != null) {
          binder.fault("plugins[" + i + "].name", "plugin name " + plugin.name() + " stands twice");
        }
      }
      var identity = identity();
      var gateway = gateway(identity);
      var endpoints = endpoints();
      var flowControl = flowControl();
      unusedPlugins();
      var pool = sections.pool();
      var scraping =
          made(
              "pool",
              () ->
                  new ScrapeOptions(
                      pool.metricsPath(),
                      pool.metricsPeriod(),
                      pool.metricsTimeout(),
                      pool.healthPath(),
                      pool.healthPeriod(),
                      pool.healthTimeout(),
                      pool.modelsPath(),
                      pool.modelsPeriod(),
                      ScrapeOptions.DEFAULT.maxPageBytes()));
      if (flowControl == null || gateway == null || scraping == null) {
        return null;
      }
      return new LoadedConfig(
          sections,
          flowControl,
          gateway,
          endpoints,
          new HealthThresholds(pool.failureThreshold(), pool.successThreshold()),
          scraping,
          sections.flowControl().drain());
    }

    /**
     * Makes what a part of the process wants; its own checks may be stricter than the section's.
     */
    private <T> @Nullable T made(String path, Supplier<T> maker) {
      try {
        return maker.get();
      } catch (IllegalArgumentException e) {
        binder.refused(path, e);
        return null;
      }
    }

    /** A plugin that nothing refers to has to be right for a kind, too. */
    private void unusedPlugins() {
      for (var i = 0; i < sections.plugins().size(); i++) {
        var section = sections.plugins().get(i);
        var path = "plugins[" + i + "]";
        if (binder.isWhole(path) && !used.contains(section)) {
          faultsOfUnused(section).forEach(fault -> binder.fault(path, fault));
        }
      }
    }

    private List<String> faultsOfUnused(PluginSection section) {
      var type = section.type();
      var faults = List.of("unknown plugin type " + type);
      for (var kind : catalog.kinds()) {
        try {
          catalog.parameters(kind, type);
        } catch (InvalidPluginException e) {
          continue; // of another kind
        }
        try {
          catalog.plugin(kind, type, section.parameters());
          return List.of();
        } catch (InvalidPluginException e) {
          faults = e.faults();
        }
      }
      return faults;
    }

    private IdentityOptions identity() {
      var gateway = sections.gateway();
      var tenants = new ArrayList<TenantOptions>();
      var ids = new HashSet<String>();
      var keys = new HashSet<String>();
      for (var i = 0; i < sections.tenants().size(); i++) {
        var tenant = sections.tenants().get(i);
        var path = "tenants[" + i + "]";
        var good = binder.isWhole(path);
        if (good && !ids.add(tenant.id())) {
          binder.fault(path + ".id", "tenant " + tenant.id() + " stands twice");
          good = false;
        }
        for (var key : tenant.apiKeySha256()) {
          if (!keys.add(key)) {
            binder.fault(path + ".apiKeySha256", "key " + key + " is another tenant's, too");
            good = false;
          }
        }
        for (var objective : tenant.objectives()) {
          if (!gateway.objectives().containsKey(objective)) {
            binder.fault(
                path + ".objectives",
                "got "
                    + objective
                    + ", allowed one of gateway.objectives: "
                    + gateway.objectives().keySet().stream().sorted().toList());
            good = false;
          }
        }
        if (good) {
          tenants.add(
              new TenantOptions(
                  tenant.id(),
                  tenant.priority(),
                  Set.copyOf(tenant.apiKeySha256()),
                  Set.copyOf(tenant.objectives()),
                  tenant.ttl() == null ? TenantOptions.BAND_TTL : tenant.ttl(),
                  tenant.maySetTTL()));
        }
      }
      if (gateway.requireApiKey() && keys.isEmpty()) {
        binder.fault(
            "gateway.requireApiKey", "got true, but no tenant has an apiKeySha256: nobody gets in");
      }
      return new IdentityOptions(
          tenants,
          gateway.objectives(),
          gateway.trustTenantHeader(),
          gateway.tenantHeaders(),
          gateway.requireApiKey());
    }

    private @Nullable GatewayOptions gateway(IdentityOptions identity) {
      var section = sections.gateway();
      if (!section.tokenEstimator().equals(BySize.NAME)) {
        binder.fault(
            "gateway.tokenEstimator",
            "got " + section.tokenEstimator() + ", allowed [" + BySize.NAME + "]");
      }
      var options =
          GatewayOptions.builder()
              .host(section.host())
              .port(section.port())
              .maxBodyBytes(section.maxBodyBytes())
              .maxHeaderBytes((int) section.maxHeaderBytes())
              .bodyTimeout(section.bodyTimeout())
              .connectTimeout(section.connectTimeout())
              .responseTimeout(section.responseTimeout())
              .clientTimeout(section.clientTimeout())
              .upstreamApiKey(section.upstreamApiKey())
              .askForUsage(section.askForUsage())
              .identity(identity);
      if (section.eventLoops() > 0) {
        options.eventLoops(section.eventLoops());
      }
      if (section.bodyBudgetBytes() > 0) {
        options.bodyBudgetBytes(section.bodyBudgetBytes());
      }
      return made("gateway", options::build);
    }

    private List<EndpointConfig> endpoints() {
      var endpoints = new ArrayList<EndpointConfig>();
      var ids = new HashSet<String>();
      for (var i = 0; i < sections.pool().endpoints().size(); i++) {
        var section = sections.pool().endpoints().get(i);
        var path = "pool.endpoints[" + i + "]";
        if (!binder.isWhole(path)) {
          continue;
        }
        try {
          var url = URI.create(section.url());
          var id = section.id().isBlank() ? url.getAuthority() : section.id();
          if (!ids.add(id)) {
            binder.fault(path, "endpoint " + id + " stands twice");
            continue;
          }
          endpoints.add(
              new EndpointConfig(
                  id,
                  url,
                  Set.copyOf(section.models()),
                  Set.copyOf(section.adapters()),
                  section.capacity(),
                  section.maxRequests()));
        } catch (IllegalArgumentException e) {
          binder.fault(path + ".url", Objects.toString(e.getMessage(), "is no URL"));
        }
      }
      return endpoints;
    }

    private @Nullable FlowControlConfig flowControl() {
      var section = sections.flowControl();
      var path = "flowControl";
      var builder =
          FlowControlConfig.builder()
              .maxRequests(section.maxRequests())
              .defaultTtl(section.defaultRequestTTL())
              .maxRequestDuration(section.maxRequestDuration())
              .flowIdleTimeout(section.flowIdleTimeout())
              .bandIdleTimeout(section.bandIdleTimeout())
              .displacement(section.displacement().enabled());
      if (section.maxBytes() != null) {
        builder.maxBytes(section.maxBytes());
      }
      if (section.noEndpointRequestTTL() != null) {
        builder.noEndpointTtl(section.noEndpointRequestTTL());
      }
      use(
          path + ".saturationDetector.pluginRef",
          SaturationDetector.class,
          section.saturationDetector().pluginRef(),
          builder::detector);
      use(
          path + ".usageLimitPolicyPluginRef",
          UsageLimitPolicy.class,
          section.usageLimitPolicyPluginRef(),
          builder::usageLimit);
      use(path + ".bandPolicyRef", BandPolicy.class, section.bandPolicyRef(), builder::bandPolicy);
      use(
          path + ".queueAdmissionRef",
          QueueAdmissionPolicy.class,
          section.queueAdmissionRef(),
          builder::queueAdmission);
      use(
          path + ".displacement.flowPolicyRef",
          InterFlowDisplacementPolicy.class,
          section.displacement().flowPolicyRef(),
          builder::flowDisplacement);
      var victims =
          use(
              path + ".displacement.requestPolicyRef",
              IntraFlowDisplacementPolicy.class,
              section.displacement().requestPolicyRef(),
              builder::requestDisplacement);
      if (!victims) {
        builder.displacement(false); // its stand-in may not go with the queues
      }
      use(path + ".costModelRef", CostModel.class, section.costModelRef(), builder::costModel);
      use(
          path + ".outputPredictorRef",
          OutputPredictor.class,
          section.outputPredictorRef(),
          builder::outputPredictor);
      var defaultPath = path + ".defaultPriorityBand";
      builder.defaultBand(band(defaultPath, section.defaultPriorityBand()));
      var paths = new LinkedHashMap<>(Map.of("defaultBand", defaultPath));
      if (section.defaultNegativePriorityBand() != null) {
        defaultPath = path + ".defaultNegativePriorityBand";
        builder.defaultNegativeBand(band(defaultPath, section.defaultNegativePriorityBand()));
      }
      paths.put("defaultNegativeBand", defaultPath);
      for (var i = 0; i < section.priorityBands().size(); i++) {
        var band = section.priorityBands().get(i);
        var bandPath = path + ".priorityBands[" + i + "]";
        var isWhole = binder.isWhole(bandPath);
        var made = band(bandPath, band);
        if (!isWhole) {
          continue;
        }
        if (paths.putIfAbsent("bands[" + band.priority() + "]", bandPath) == null) {
          builder.band(band.priority(), made);
        } else {
          binder.fault(bandPath + ".priority", "duplicate priority level " + band.priority());
        }
      }
      for (var tenant : sections.tenants()) {
        var limits = tenant.limits();
        builder.tenant(
            tenant.id(),
            new TenantConfig(
                tenant.weight(),
                limits.maxQueuedRequests(),
                limits.maxRunningRequests(),
                limits.maxBytes()));
      }
      try {
        return builder.build();
      } catch (IllegalArgumentException e) {
        for (var line : Objects.toString(e.getMessage(), "").split("\n", -1)) {
          engineFault(line, paths);
        }
        return null;
      }
    }

    /**
     * The engine names bands by their priority; the file has them in a list. Nothing is said of a
     * band for which another one stands in.
     */
    private void engineFault(String line, Map<String, String> bandPaths) {
      for (var band : bandPaths.entrySet()) {
        if (line.startsWith(band.getKey() + ".") || line.startsWith(band.getKey() + ":")) {
          if (binder.isWhole(band.getValue())) {
            binder.fault(band.getValue(), line.substring(band.getKey().length() + 1).trim());
          }
          return;
        }
      }
      binder.fault("flowControl", line);
    }

    private BandConfig band(String path, BandSection section) {
      var fairness = new Holder<>(BandConfig.DEFAULT.fairness());
      var ordering = new Holder<>(BandConfig.DEFAULT.ordering());
      var queue = new Holder<>(BandConfig.DEFAULT.queue());
      var good =
          use(
              path + ".fairnessPolicyRef",
              InterFlowDispatchPolicy.class,
              section.fairnessPolicyRef(),
              fairness::set);
      good &=
          use(
              path + ".orderingPolicyRef",
              IntraFlowDispatchPolicy.class,
              section.orderingPolicyRef(),
              ordering::set);
      var needed = ordering.value.create().requiredCapabilities();
      if (section.queueRef() != null) {
        good &= use(path + ".queueRef", SafeQueue.class, section.queueRef(), queue::set);
      } else if (needed.contains(QueueCapability.PRIORITY_ORDER)) {
        queue.set(catalog.plugin(SafeQueue.class, "heap"));
      }
      if (!good) {
        binder.broken(path);
      }
      return new BandConfig(
          new BandConfig.Limits(
              section.maxRequests(),
              section.maxBytes(),
              section.maxRequestsPerFlow(),
              section.maxBytesPerFlow()),
          section.ttl() == null ? BandConfig.DEFAULT_TTL : section.ttl(),
          new BandConfig.Share(
              section.weight(),
              section.reservedShare() == null ? Double.NaN : section.reservedShare()),
          new BandConfig.Promotion(
              section.promoteEvery(),
              section.promoteAfter() == null
                  ? BandConfig.Promotion.HALF_TTL
                  : section.promoteAfter()),
          fairness.value,
          ordering.value,
          queue.value);
    }

    /** Hands over the plugin that a key refers to; false, and nothing handed over, if it cannot. */
    private <T> boolean use(String path, Class<T> kind, PluginRef ref, Consumer<Plugin<T>> taker) {
      var section = named.get(ref.name());
      var type = ref.type();
      var parameters = ref.parameters();
      if (section != null) {
        type = section.type();
        parameters = section.parameters();
      } else if (!ref.name().isEmpty()) {
        type = ref.name();
      }
      if (type.isBlank()) {
        return false; // reported where it was read
      }
      if (section != null) {
        used.add(section);
      }
      try {
        taker.accept(catalog.plugin(kind, type, parameters));
        return true;
      } catch (InvalidPluginException e) {
        var at = section == null ? path : "plugins[" + sections.plugins().indexOf(section) + "]";
        for (var fault : e.faults()) {
          binder.fault(at, fault + (section == null ? namedHint(ref.name()) : ""));
        }
        return false;
      }
    }

    /** Which entries of {@code plugins} a name that is none may have meant. */
    private String namedHint(String name) {
      if (name.isEmpty() || named.isEmpty()) {
        return "";
      }
      var known = named.keySet().stream().sorted().toList();
      return "; " + Binder.nearest(name, known) + "plugins has: " + String.join(", ", known);
    }
  }

  /** A value that may be replaced while a band is read. */
  private static final class Holder<T> {
    private T value;

    Holder(T value) {
      this.value = value;
    }

    void set(T newValue) {
      value = newValue;
    }
  }

  /** Keys that have no default. */
  private record Required(Binder binder, Node root) {
    void check() {
      var rootKeys = Keys.of(root);
      var pool = rootKeys.get("pool");
      if (pool == null || Keys.of(pool).get("endpoints") == null) {
        binder.fault("pool.endpoints", "is missing; it lists the model servers, at least one");
      } else {
        each("pool.endpoints", Keys.of(pool).get("endpoints"), "url");
      }
      each("tenants", rootKeys.get("tenants"), "id");
      each("plugins", rootKeys.get("plugins"), "type");
      var flowControl = rootKeys.get("flowControl");
      if (flowControl != null) {
        var bands = Keys.of(flowControl).get("priorityBands");
        each("flowControl.priorityBands", bands, "priority");
      }
    }

    private void each(String path, @Nullable Node list, String key) {
      var items = Keys.items(list);
      for (var i = 0; i < items.size(); i++) {
        if (Keys.of(items.get(i)).get(key) == null) {
          binder.broken(path + "[" + i + "]");
          binder.fault(path + "[" + i + "]." + key, "is missing");
        }
      }
    }
  }
}
