package dev.sluice.epp;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.flowcontrol.controller.FlowController;
import java.util.concurrent.Executor;

/**
 * The thread-safe parts that every {@link PickerStream} works with.
 *
 * @param options limits and forms
 * @param reader reads requests and makes their offers
 * @param controller decides if and when a request goes to an endpoint
 * @param pool chooses the endpoint
 * @param executor runs the steps that do not begin with a message of the proxy
 */
record Collaborators(
    PickerOptions options,
    RequestReader reader,
    FlowController controller,
    EndpointPool pool,
    Executor executor) {}
