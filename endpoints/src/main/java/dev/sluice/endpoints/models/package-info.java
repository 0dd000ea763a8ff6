/** The models that an endpoint lists: the reader of {@code /v1/models}, and its entries. */
@NullMarked
package dev.sluice.endpoints.models;

import org.jspecify.annotations.NullMarked;
