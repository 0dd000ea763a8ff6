package dev.sluice.server;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.scraping.ScrapeOptions;
import dev.sluice.server.config.ConfigLoader;
import dev.sluice.server.config.InvalidConfigException;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code sluice check}: reports the faults of a configuration, or that it has none, with warnings
 * and the URLs that the endpoints will be asked for.
 */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = {
      "Validates a configuration without running it. Lists all faults, or warns of what can hardly"
          + " work, and shows what the endpoints will be asked for."
    })
final class CheckCommand implements Callable<Integer> {

  @ArgGroup(multiplicity = "1")
  private ConfigFile file = new ConfigFile();

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    if (spec == null) {
      throw new IllegalStateException("made by picocli only");
    }
    try {
      var config = new ConfigLoader().withNameLookup().load(file.path());
      var out = spec.commandLine().getOut();
      for (var warning : config.warnings()) {
        out.println("warning: " + warning);
      }
      for (var endpoint : config.endpoints()) {
        out.println("endpoint " + endpoint.id() + ": " + asked(endpoint, config.scraping()));
      }
      out.printf(
          "%s is good: %s, %s, %s, detector %s.%n",
          file.path(),
          count(config.endpoints().size(), "endpoint"),
          count(config.sections().tenants().size(), "tenant"),
          count(config.flowControl().bands().size(), "band"),
          config.flowControl().detector().type());
      return CommandLine.ExitCode.OK;
    } catch (InvalidConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
  }

  /** The URLs that an endpoint will be asked for. A base URL that ends in /v1 is shortened. */
  private static String asked(EndpointConfig endpoint, ScrapeOptions options) {
    var server = (endpoint.isTls() ? "https://" : "http://") + endpoint.url().getRawAuthority();
    var others =
        Stream.of(options.healthPath(), options.metricsPath(), options.modelsPath())
            .filter(path -> !path.isEmpty())
            .map(endpoint::target)
            .collect(Collectors.joining(", "));
    return "requests go to "
        + server
        + endpoint.target("/v1/...")
        + (others.isEmpty() ? "" : "; it is also asked for " + others);
  }

  private static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }
}
