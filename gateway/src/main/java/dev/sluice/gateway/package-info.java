/**
 * The front door for plain HTTP clients: an OpenAI-compatible reverse proxy with flow control. It
 * owns sockets and buffers; the decisions are made in {@code dev.sluice.serving}.
 */
@NullMarked
package dev.sluice.gateway;

import org.jspecify.annotations.NullMarked;
