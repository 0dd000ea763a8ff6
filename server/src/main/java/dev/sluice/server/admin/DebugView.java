package dev.sluice.server.admin;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.sluice.endpoints.EndpointView;
import dev.sluice.flowcontrol.contracts.RegistryView;
import java.util.List;

/**
 * What {@code /debug/flows} shows. Immutable.
 *
 * @param engine the engine, whose parts stand at the top of the page
 * @param endpoints the endpoints of the pool
 */
public record DebugView(@JsonUnwrapped RegistryView engine, List<EndpointView> endpoints) {}
