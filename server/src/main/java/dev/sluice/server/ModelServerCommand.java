package dev.sluice.server;

import dev.sluice.modelserver.Adapter;
import dev.sluice.modelserver.Fault;
import dev.sluice.modelserver.Habits;
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

/** {@code sluice modelserver}: runs a simulated vLLM-compatible server until SIGTERM or Ctrl-C. */
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
      description = "A model to serve; may be repeated (${DEFAULT-VALUE}).")
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
      names = "--prompt-token-micros",
      defaultValue = "0",
      description =
          "Time that each prompt token adds to the time to the first token (${DEFAULT-VALUE}).")
  private int promptTokenMicros;

  @Option(
      names = "--prompts-at-once",
      defaultValue = "0",
      description =
          "Prompts that the server reads at once; further requests wait although places are free;"
              + " 0 means as many as --running (${DEFAULT-VALUE}).")
  private int promptsAtOnce;

  @Option(
      names = "--gauge-steps",
      defaultValue = "0",
      description =
          "Tokens of one answer between two updates of the metrics' numbers of running and waiting"
              + " requests; 0 means that they are always right (${DEFAULT-VALUE}).")
  private int gaugeSteps;

  @Option(
      names = "--head-first",
      description =
          "Send the head of a streamed answer when the request arrives, even if it has to wait.")
  private boolean headFirst;

  @Option(
      names = "--metrics",
      defaultValue = "VLLM",
      description = "The names of the metrics: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE}).")
  private Habits.Metrics metrics = Habits.Metrics.VLLM;

  @Option(
      names = "--running",
      defaultValue = "16",
      description = "Requests that the server generates at once (${DEFAULT-VALUE}).")
  private int running;

  @Option(
      names = "--kv-tokens",
      defaultValue = "65536",
      description =
          "Tokens that the KV cache holds; if more are needed, the youngest request has to wait"
              + " again (${DEFAULT-VALUE}).")
  private long kvTokens;

  @Option(
      names = "--adapter",
      paramLabel = "NAME[=MODEL]",
      description = "A LoRA adapter of a model, or of the first one; may be repeated.")
  private List<String> adapters = List.of();

  @Option(
      names = "--max-adapters",
      defaultValue = "4",
      description = "Adapters that can run at once (${DEFAULT-VALUE}).")
  private int maxAdapters;

  @Option(
      names = "--jitter",
      defaultValue = "0",
      description =
          "The random variation of delays, as a part of each delay, 0 to 1 (${DEFAULT-VALUE}).")
  private double jitter;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "The seed of the random variation (${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--fault",
      defaultValue = "NONE",
      description =
          "A fault that the server has on purpose, for every request: ${COMPLETION-CANDIDATES}"
              + " (${DEFAULT-VALUE}).")
  private Fault fault = Fault.NONE;

  @Option(
      names = "--fault-header",
      description =
          "Let a request ask for a fault of its own: x-sluice-fault: hang, reset, slow, error or"
              + " garbage.")
  private boolean faultHeader;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    var server = ModelServer.start(options());
    server.fault(fault);
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

  /** The options that the command line gives. */
  ModelServerOptions options() {
    try {
      return ModelServerOptions.builder()
          .host(host)
          .port(port)
          .models(models)
          .adapters(adapters.stream().map(this::adapter).toList())
          .maxAdapters(maxAdapters)
          .timeToFirstToken(Duration.ofMillis(firstTokenMillis))
          .timePerPromptToken(Duration.ofNanos(1_000L * promptTokenMicros))
          .timePerOutputToken(Duration.ofMillis(tokenMillis))
          .habits(new Habits(promptsAtOnce, gaugeSteps, headFirst, metrics))
          .jitter(jitter)
          .seed(seed)
          .maxRunningSequences(running)
          .kvTokens(kvTokens)
          .faultHeader(faultHeader)
          .build();
    } catch (IllegalArgumentException e) {
      if (spec == null) {
        throw e;
      }
      throw new CommandLine.ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private Adapter adapter(String nameAndModel) {
    var equals = nameAndModel.indexOf('=');
    return equals < 0
        ? new Adapter(nameAndModel, models.getFirst())
        : new Adapter(nameAndModel.substring(0, equals), nameAndModel.substring(equals + 1));
  }
}
