package dev.sluice.server;

import dev.sluice.server.config.ConfigLoader;
import dev.sluice.server.config.InvalidConfigException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice check}: reports the faults of a configuration, or that it has none, and warns. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = "Validates a configuration without running it.")
final class CheckCommand implements Callable<Integer> {

  @Parameters(paramLabel = "FILE", description = "The configuration, a YAML file.")
  private Path file = Path.of("");

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    if (spec == null) {
      throw new IllegalStateException("made by picocli only");
    }
    try {
      var config = new ConfigLoader().load(file);
      for (var warning : config.warnings()) {
        spec.commandLine().getOut().println("warning: " + warning);
      }
      spec.commandLine()
          .getOut()
          .printf(
              "%s is good: %d endpoints, %d tenants, %d bands, detector %s.%n",
              file,
              config.endpoints().size(),
              config.sections().tenants().size(),
              config.flowControl().bands().size(),
              config.flowControl().detector().type());
      return CommandLine.ExitCode.OK;
    } catch (InvalidConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
  }
}
