package dev.sluice.server;

import dev.sluice.server.config.ConfigLoader;
import dev.sluice.server.config.InvalidConfigException;
import dev.sluice.server.process.SluiceServer;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code sluice serve}: runs the gateway in front of real servers until SIGTERM or Ctrl-C. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description = "Runs the gateway until it gets SIGTERM or Ctrl-C.")
final class ServeCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(ServeCommand.class);

  @ArgGroup(multiplicity = "1")
  private ConfigFile config = new ConfigFile();

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    SluiceServer server;
    try {
      var loaded = new ConfigLoader().load(config.path());
      loaded.warnings().forEach(LOG::warn);
      server = SluiceServer.start(loaded);
    } catch (InvalidConfigException e) {
      if (spec != null) {
        spec.commandLine().getErr().println(e.getMessage());
      }
      return CommandLine.ExitCode.USAGE;
    }
    HangUp.ignore();
    var stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  LOG.info("Stopping: queued and running requests may end");
                  server.close();
                  stopped.countDown();
                },
                "sluice-shutdown"));
    LOG.info("Serving on port {}, for operators on port {}", server.port(), server.adminPort());
    stopped.await();
    return CommandLine.ExitCode.OK;
  }
}
