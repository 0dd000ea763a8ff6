package dev.sluice.server;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.scraping.ScrapeOptions;
import dev.sluice.server.config.ConfigLoader;
import dev.sluice.server.config.InvalidConfigException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code sluice check}: reports the faults of a configuration, or that it has none, warns, and
 * shows the URLs that will be asked.
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
      out.printf(
          "%s is good: %s, %s, %s, detector %s.%n",
          file.path(),
          count(config.endpoints().size(), "endpoint"),
          count(config.sections().tenants().size(), "tenant"),
          count(config.flowControl().bands().size(), "band"),
          config.flowControl().detector().type());
      for (var endpoint : config.endpoints()) {
        showUrls(out, endpoint, config.scraping());
      }
      return CommandLine.ExitCode.OK;
    } catch (InvalidConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
  }

  private static void showUrls(PrintWriter out, EndpointConfig endpoint, ScrapeOptions asked) {
    out.printf(
        "Endpoint %s: requests go to %s The gateway asks for%n"
            + "  health   %s%n  metrics  %s%n  models   %s%n",
        endpoint.id(),
        endpoint.asked("/..."),
        page(endpoint, asked.healthPath(), "nothing: the endpoint counts as healthy"),
        page(endpoint, asked.metricsPath(), "nothing: metrics are not read"),
        page(endpoint, asked.modelsPath(), "nothing: models are not learned"));
  }

  private static String page(EndpointConfig endpoint, String path, String none) {
    return path.isEmpty() ? none : endpoint.asked(path);
  }

  private static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }
}
