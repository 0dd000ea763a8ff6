package dev.sluice.server;

import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerOptions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code sluice modelserver}: a simulated vLLM-compatible server, until it is told to stop. */
@Command(
    name = "modelserver",
    mixinStandardHelpOptions = true,
    description = "Runs a simulated vLLM-compatible model server.")
final class ModelServerCommand implements Callable<Integer> {

  @Option(
      names = "--host",
      defaultValue = "127.0.0.1",
      description = "Address to listen on (${DEFAULT-VALUE}).")
  private String host = "";

  @Option(
      names = "--port",
      defaultValue = "8000",
      description = "TCP port; 0 picks one (${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--model",
      defaultValue = "sim",
      description = "A model that it serves; may be repeated (${DEFAULT-VALUE}).")
  private List<String> models = List.of();

  @Option(
      names = "--first-token-millis",
      defaultValue = "60",
      description = "Time to the first token (${DEFAULT-VALUE}).")
  private int firstTokenMillis;

  @Option(
      names = "--token-millis",
      defaultValue = "20",
      description = "Time from one token to the next (${DEFAULT-VALUE}).")
  private int tokenMillis;

  @Option(
      names = "--running",
      defaultValue = "16",
      description = "Requests that it generates at once (${DEFAULT-VALUE}).")
  private int running;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    var server =
        ModelServer.start(
            ModelServerOptions.builder()
                .host(host)
                .port(port)
                .models(models)
                .timeToFirstToken(Duration.ofMillis(firstTokenMillis))
                .timePerOutputToken(Duration.ofMillis(tokenMillis))
                .maxRunningSequences(running)
                .build());
    var stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  server.close();
                  stopped.countDown();
                },
                "model-server-shutdown"));
    if (spec != null) {
      spec.commandLine().getOut().println("Serving " + models + " on " + server.baseUrl());
      spec.commandLine().getOut().flush();
    }
    stopped.await();
    return CommandLine.ExitCode.OK;
  }
}
