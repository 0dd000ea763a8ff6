package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;
import dev.sluice.serving.identity.IdentityOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * {@code gateway}: the port for clients.
 *
 * @param host address to listen on
 * @param port TCP port; 0 picks a free one
 * @param eventLoops event loops; 0 means one per core
 * @param maxBodyBytes longest request body
 * @param maxHeaderBytes longest header section
 * @param maxHeaders most header lines of a request; a request with more gets 431
 * @param bodyBudgetBytes memory for all requests together, from their first byte to their answer:
 *     bodies, headers, and 8 KiB for each request. When it is used up, requests of lower priority
 *     give way. Leave room above flowControl.maxBytes for bodies that are being read or sent. 0
 *     means three eighths of the heap
 * @param bodyTimeout the longest time in which a client may send a body
 * @param connectTimeout the longest time in which a connection to an endpoint may open
 * @param responseTimeout the longest time for which an endpoint may be silent
 * @param clientTimeout the longest time for which a client may leave its answer unread
 * @param upstreamApiKey API key for the endpoints; empty if they need none
 * @param askForUsage whether the gateway asks for the token usage of streamed answers if the client
 *     did not, and hides it from the client. Set it to false if the servers are started so that
 *     they always send the usage: clients then get it too, and the gateway still reads it
 * @param repeatAfterClose whether an inference request whose connection to its endpoint closes
 *     before an answer goes to another endpoint. The first may have begun to serve the request, and
 *     the request may be what broke it
 * @param trustTenantHeader whether a header may name the tenant; only safe behind a proxy that sets
 *     the header
 * @param tenantHeaders names of the headers that may name the tenant
 * @param requireApiKey whether requests without an API key are refused, even if a trusted header
 *     names their tenant. If any tenant has a key, they are refused anyway, unless {@code
 *     anonymous} or a trusted header names their tenant
 * @param objectives priorities by objective, for tenants that may choose
 * @param requestLog file to which a line without prompts is written for each request, for {@code
 *     sluice simulate}; empty means none
 * @param paths paths that are treated otherwise than by default. A path may end in {@code /*} for
 *     all paths below it. It is {@code unread} (passes to any endpoint, without knowledge of its
 *     model), {@code refused}, or read as an operation: {@code chat}, {@code completions}, {@code
 *     embeddings}, {@code responses}, {@code messages}, {@code count-tokens}, {@code rerank},
 *     {@code score}, {@code tokenize}, {@code generate}, {@code llama-completion}, {@code
 *     invocations}, {@code transcriptions} or {@code speech}. By default, these operations are read
 *     under all their paths of OpenAI, Anthropic, vLLM, SGLang, TGI and llama.cpp. {@code /version}
 *     passes for GET. The gateway itself answers {@code /v1/models}, {@code /health} and {@code
 *     /ping}. Every other path is refused, among them the management paths of the servers
 * @param anonymous requests without an API key
 * @param connections limits on connections of clients
 * @param cors web pages that may call the gateway from a browser
 */
public record GatewaySection(
    String host,
    int port,
    int eventLoops,
    @Quantity long maxBodyBytes,
    @Quantity long maxHeaderBytes,
    int maxHeaders,
    @Quantity long bodyBudgetBytes,
    Duration bodyTimeout,
    Duration connectTimeout,
    Duration responseTimeout,
    Duration clientTimeout,
    String upstreamApiKey,
    boolean askForUsage,
    boolean repeatAfterClose,
    boolean trustTenantHeader,
    List<String> tenantHeaders,
    boolean requireApiKey,
    Map<String, Integer> objectives,
    String requestLog,
    Map<String, String> paths,
    AnonymousSection anonymous,
    ConnectionsSection connections,
    CorsSection cors) {

  /** The defaults. */
  public static final GatewaySection DEFAULT =
      new GatewaySection(
          "0.0.0.0",
          8080,
          0,
          64L << 20,
          32L << 10,
          200,
          0,
          Duration.ofSeconds(30),
          Duration.ofSeconds(5),
          Duration.ofMinutes(5),
          Duration.ofMinutes(1),
          "",
          true,
          false,
          false,
          IdentityOptions.TENANT_HEADERS,
          false,
          Map.of(),
          "",
          Map.of(),
          AnonymousSection.DEFAULT,
          ConnectionsSection.DEFAULT,
          CorsSection.DEFAULT);

  /** Rejects values outside their ranges, all at once. */
  public GatewaySection {
    tenantHeaders = List.copyOf(tenantHeaders);
    objectives = Map.copyOf(objectives);
    paths = Map.copyOf(paths);
    new Checks()
        .within("port", port, 0, 65_535)
        .within("eventLoops", eventLoops, 0, 1_024)
        .positive("maxBodyBytes", maxBodyBytes)
        .that(
            maxHeaderBytes > 0 && maxHeaderBytes <= 16 << 20,
            "maxHeaderBytes",
            maxHeaderBytes,
            "1 to 16Mi")
        .within("maxHeaders", maxHeaders, 1, 10_000)
        .notNegative("bodyBudgetBytes", bodyBudgetBytes)
        .positive("bodyTimeout", bodyTimeout)
        .positive("connectTimeout", connectTimeout)
        .positive("responseTimeout", responseTimeout)
        .positive("clientTimeout", clientTimeout)
        .done();
  }
}
