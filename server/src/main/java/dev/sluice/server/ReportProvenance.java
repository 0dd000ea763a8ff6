package dev.sluice.server;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.server.config.LoadedConfig;
import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.report.Provenance;
import dev.sluice.simulation.report.Provenance.Fact;
import dev.sluice.simulation.workload.Traces;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/** Collects everything that makes a report of {@code sluice simulate}. */
final class ReportProvenance {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-fA-F]{64}");
  private static final Pattern API_KEY =
      Pattern.compile("(upstreamApiKey\\s*:\\s*)[^\\s#][^,}\\n]*");
  private static final String HIDDEN = "(hidden)";

  private ReportProvenance() {}

  /** The shell's form of the command line. */
  static String command(List<String> arguments) {
    var line = new StringBuilder("./sluice");
    for (var argument : arguments) {
      var plain = argument.matches("[A-Za-z0-9_@%+=:,./-]+");
      line.append(' ').append(plain ? argument : "'" + argument.replace("'", "'\\''") + "'");
    }
    return line.toString();
  }

  /** The facts of a workload's file; each trace that it mixes in is named, too. */
  static List<Fact> workload(Path file, List<Path> traces, long seed, Duration length, String rules)
      throws IOException {
    var facts = new ArrayList<Fact>();
    facts.add(new Fact("file", file.toString()));
    facts.add(new Fact("SHA-256", sha256(file)));
    for (var trace : traces) {
      if (!trace.equals(file)) {
        facts.add(new Fact("SHA-256 of " + trace, sha256(trace)));
      }
    }
    facts.add(new Fact("seed", String.valueOf(seed)));
    facts.add(new Fact("requests arrive for", length.toString()));
    facts.add(new Fact("priorities of a trace's tenants", rules));
    return facts;
  }

  /** The description of a workload; empty for a trace. */
  static String workloadText(Path file) throws IOException {
    return Traces.isTrace(file) ? "" : Files.readString(file, StandardCharsets.UTF_8);
  }

  /** The facts of a pool of equal servers. */
  static List<Fact> pool(PoolModel pool) {
    var server = pool.servers().getFirst();
    return List.of(
        new Fact("servers", String.valueOf(pool.servers().size())),
        new Fact("requests at once on each", String.valueOf(server.slots())),
        new Fact("prompt tokens per second", String.valueOf(server.prefillTokensPerSecond())),
        new Fact("time for each generated token", server.perToken().toMillis() + " ms"),
        new Fact("and for each request in the batch", server.perSequence().toNanos() + " ns"),
        new Fact("tokens in the KV cache", orNoLimit(server.kvTokens())),
        new Fact(
            "tokens in the prefix cache",
            server.prefixCacheTokens() == 0
                ? "one cache for all servers, without limit"
                : String.valueOf(server.prefixCacheTokens())),
        new Fact("time between scrapes", pool.scrapePeriod().toMillis() + " ms"));
  }

  /** A configuration: its policies as they are used, and its text without keys. */
  static Provenance.Configuration configuration(String run, Path file, LoadedConfig loaded)
      throws IOException {
    var config = loaded.flowControl();
    var facts = new ArrayList<Fact>();
    facts.add(fact("saturation detector", config.detector()));
    facts.add(fact("usage limit", config.usageLimit()));
    facts.add(fact("between bands", config.bandPolicy()));
    facts.add(fact("joining a queue", config.queueAdmission()));
    facts.add(fact("cost", config.costModel()));
    facts.add(fact("output predictor", config.outputPredictor()));
    facts.add(new Fact("displacement", String.valueOf(config.displacement())));
    if (config.displacement()) {
      facts.add(fact("flow that gives way", config.flowDisplacement()));
      facts.add(fact("request that gives way", config.requestDisplacement()));
    }
    facts.add(new Fact("early refusal", config.earlyRefusal().toString()));
    facts.add(new Fact("time to live", config.defaultTtl().toString()));
    facts.add(new Fact("limit on queued requests", orNoLimit(config.maxRequests())));
    facts.add(new Fact("limit on queued bytes", orNoLimit(config.maxBytes())));
    facts.add(new Fact("other bands from 0 up", band(config.band(Integer.MAX_VALUE))));
    facts.add(new Fact("other bands below 0", band(config.band(Integer.MIN_VALUE + 1))));
    config.bands().forEach((priority, band) -> facts.add(new Fact("band " + priority, band(band))));
    for (var tenant : loaded.sections().tenants()) {
      facts.add(
          new Fact(
              "tenant " + tenant.id(),
              "priority " + tenant.priority() + ", " + config.tenant(tenant.id())));
    }
    var key = loaded.gateway().upstreamApiKey();
    return new Provenance.Configuration(
        run, file.toString(), facts, withoutKeys(Files.readString(file), key));
  }

  /** The text of a configuration whose keys and digests of keys are hidden. */
  static String withoutKeys(String text, String upstreamApiKey) {
    var hidden = upstreamApiKey.isBlank() ? text : text.replace(upstreamApiKey, HIDDEN);
    hidden = API_KEY.matcher(hidden).replaceAll("$1" + HIDDEN);
    return DIGEST.matcher(hidden).replaceAll(HIDDEN);
  }

  private static Fact fact(String name, Plugin<?> plugin) {
    return new Fact(name, shown(plugin));
  }

  private static String band(BandConfig band) {
    return "between flows "
        + shown(band.fairness())
        + "; inside a flow "
        + shown(band.ordering())
        + "; queue "
        + shown(band.queue())
        + "; "
        + band.limits()
        + ", "
        + band.share()
        + ", "
        + band.promotion();
  }

  private static String shown(Plugin<?> plugin) {
    var parameters = plugin.parameters().toString();
    return plugin.type() + " " + parameters.substring(parameters.indexOf('['));
  }

  private static String orNoLimit(long limit) {
    return limit == 0 ? "no limit" : String.valueOf(limit);
  }

  private static String sha256(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      var digest = MessageDigest.getInstance("SHA-256");
      var buffer = new byte[1 << 16];
      for (var read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
