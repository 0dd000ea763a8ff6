/** The front door for plain HTTP clients: an OpenAI-compatible, flow-controlled reverse proxy. */
@NullMarked
package dev.sluice.gateway;

import org.jspecify.annotations.NullMarked;
