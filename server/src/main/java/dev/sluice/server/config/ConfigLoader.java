package dev.sluice.server.config;

import dev.sluice.flowcontrol.framework.PluginCatalog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads configuration files, and reports all faults of a file at once. Thread-safe.
 *
 * <pre>
 *   YamlText        text          -> nodes with places
 *   Binder          nodes         -> {@link SluiceConfig}, the sections as they were written
 *   RequiredKeys    nodes         -> faults: keys that have no default
 *   GatewayReader, PoolReader, FlowControlReader
 *                   sections      -> {@link LoadedConfig}; checks references between sections
 *   Plausibility    sections      -> warnings
 * </pre>
 *
 * <p>Each step after parsing notes its faults in one {@link FaultReport} and goes on.
 */
public final class ConfigLoader {
  private final PluginCatalog catalog;
  private final Function<String, @Nullable String> environment;
  private final Predicate<String> isKnown;

  /**
   * Makes a loader with the built-in plugins, the plugins on the class path, and the process's
   * environment.
   */
  public ConfigLoader() {
    this(
        PluginCatalog.load(ConfigLoader.class.getClassLoader()), name -> System.getenv().get(name));
  }

  /** Makes a loader with other plugins and another environment. */
  public ConfigLoader(PluginCatalog catalog, Function<String, @Nullable String> environment) {
    this(catalog, environment, host -> true);
  }

  private ConfigLoader(
      PluginCatalog catalog,
      Function<String, @Nullable String> environment,
      Predicate<String> isKnown) {
    this.catalog = catalog;
    this.environment = environment;
    this.isKnown = isKnown;
  }

  /** A loader that looks up the names of hosts, too, and warns of those without an address. */
  public ConfigLoader withNameLookup() {
    return new ConfigLoader(catalog, environment, ConfigLoader::hasAddress);
  }

  private static boolean hasAddress(String host) {
    try {
      return InetAddress.getAllByName(host).length > 0;
    } catch (UnknownHostException e) {
      return false;
    }
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

  /** Reads a text; {@code name} is the name of the file in messages. */
  public LoadedConfig load(String yaml, String name) throws InvalidConfigException {
    var root = YamlText.compose(yaml, name);
    var report = new FaultReport(name);
    var sections =
        new Binder(report, environment).record("", root, SluiceConfig.class, SluiceConfig.DEFAULT);
    new RequiredKeys(report, root).check();
    var loaded = translate(sections, report);
    if (!report.faults().isEmpty() || loaded == null) {
      throw new InvalidConfigException(report.faults());
    }
    return loaded;
  }

  /** The configuration in the terms of the parts of the process; null if a part refuses it. */
  private @Nullable LoadedConfig translate(SluiceConfig sections, FaultReport report) {
    var plugins = new PluginReferences(sections.plugins(), catalog, report);
    var gateway = new GatewayReader(sections, report).read();
    var pool = new PoolReader(sections.pool(), report);
    var endpoints = pool.endpoints();
    var flowControl = new FlowControlReader(sections, plugins, report).read();
    plugins.checkUnused();
    new Plausibility(sections, report, isKnown).check(endpoints);
    var scraping = pool.scraping();
    if (flowControl == null || gateway == null || scraping == null) {
      return null;
    }
    return new LoadedConfig(
        sections,
        flowControl,
        gateway,
        endpoints,
        pool.health(),
        sections.pool().ejection().toOptions(),
        scraping,
        sections.flowControl().drain(),
        report.warnings());
  }
}
