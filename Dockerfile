# Builds the packages of one distribution. `cargo xtask dist --distro ID` gives the arguments, all
# of which follow from the distribution's entry in packaging/distros.toml:
#
#   BASE_IMAGE        an image of the distribution
#   TOOLCHAIN_IMAGE   an image laid out as the official `rust` image is
#   DISTRO            the entry's id
#   REFRESH           the command that fetches the package lists
#   INSTALL           the command that installs PACKAGES, without which nothing is built
#   INSTALL_WISHED    the command that installs WISHED_PACKAGES, without which another flavour is
#   DIST_OPTIONS      further options of `cargo xtask dist`, such as the flavour
#   CARGO_NET_OFFLINE true where TOOLCHAIN_IMAGE brings the crates along
#   PROJECT           the name of what is built, and SOURCE_COMMIT and SOURCE_DATE_EPOCH, which
#                     say what that is: the image has no checkout
#
# Nothing here or in packaging/container is particular to a project: another one copies both.
#
# It needs BuildKit (docker up to 22, or its buildx plugin) or buildah (podman): the stages have cache
# mounts and secrets. What they do is in packaging/container. Mirrors and certificates come in as the
# secrets `mirror` and `ca`, proxies as the arguments that every builder has for them; no layer keeps
# any of it.

ARG BASE_IMAGE
ARG TOOLCHAIN_IMAGE

FROM ${TOOLCHAIN_IMAGE} AS toolchain

FROM ${BASE_IMAGE} AS base
COPY packaging/container/ /usr/local/libexec/dist/

FROM base AS dependencies
ARG REFRESH
ARG INSTALL
ARG PACKAGES
ARG INSTALL_WISHED
ARG WISHED_PACKAGES
RUN --mount=type=secret,id=ca --mount=type=secret,id=mirror \
    /usr/local/libexec/dist/install-packages

FROM dependencies AS build
COPY --from=toolchain /usr/local/rustup/toolchains/* /opt/rust/
COPY --from=toolchain /usr/local/cargo/ /opt/cargo/
ENV CARGO_HOME=/opt/cargo \
    PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /src
COPY . .
ARG PROJECT
ARG DISTRO
ARG CARGO_NET_OFFLINE=false
RUN --mount=type=secret,id=ca --mount=type=cache,id=dist,target=/var/cache/dist \
    /usr/local/libexec/dist/with-crates cargo build --locked --manifest-path xtask/Cargo.toml

FROM build AS package
ARG PROJECT
ARG DISTRO
ARG DIST_OPTIONS
ARG CARGO_NET_OFFLINE=false
ARG SOURCE_COMMIT
ARG SOURCE_DATE_EPOCH
RUN --mount=type=secret,id=ca --mount=type=cache,id=dist,target=/var/cache/dist \
    /usr/local/libexec/dist/with-crates cargo xtask dist --as "$DISTRO" --out /out $DIST_OPTIONS

FROM scratch AS artefacts
COPY --from=package /out/ /out/
