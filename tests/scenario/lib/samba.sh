# SPDX-License-Identifier: GPL-3.0-or-later
# Samba in namespaces of its own: a server and two clients on one bridge. Source it, then:
#   samba_start      makes everything; $SAMBA_CONFIG, $SAMBA_NS, $SHARE, $CLIENT1, $CLIENT2 (addresses)
#   samba_as N ARGS  smbclient on the share from client N
#   samba_stop       ends and removes everything (call it in a trap)

samba_start() {
  local tag=bf$$
  SAMBA_NS=${tag}s CLIENT1_NS=${tag}a CLIENT2_NS=${tag}b
  SERVER=10.77.0.1 CLIENT1=10.77.0.11 CLIENT2=10.77.0.12
  SAMBA=$T/samba SHARE=$T/share SAMBA_CONFIG=$T/samba/smb.conf
  mkdir -p "$SAMBA"/{private,lock,state,cache,pid,log} "$SHARE"
  chmod 755 "$T" "$SHARE"
  for ns in "$SAMBA_NS" "$CLIENT1_NS" "$CLIENT2_NS"; do
    ip netns add "$ns"
    ip -n "$ns" link set lo up
  done
  ip -n "$SAMBA_NS" link add br0 type bridge
  ip -n "$SAMBA_NS" addr add $SERVER/24 dev br0
  ip -n "$SAMBA_NS" -6 addr add fd77::1/64 dev br0 nodad
  ip -n "$SAMBA_NS" link set br0 up
  local n=0
  for ns in "$CLIENT1_NS" "$CLIENT2_NS"; do
    n=$((n + 1))
    ip -n "$ns" link add eth0 type veth peer name port$n netns "$SAMBA_NS"
    ip -n "$SAMBA_NS" link set port$n master br0 up
    ip -n "$ns" addr add 10.77.0.1$n/24 dev eth0
    ip -n "$ns" -6 addr add fd77::1$n/64 dev eth0 nodad
    ip -n "$ns" link set eth0 up
  done
  cat >"$SAMBA_CONFIG" <<CONF
[global]
  workgroup = MAIRIE
  server role = standalone server
  interfaces = br0
  bind interfaces only = yes
  disable netbios = yes
  private dir = $SAMBA/private
  lock directory = $SAMBA/lock
  state directory = $SAMBA/state
  cache directory = $SAMBA/cache
  pid directory = $SAMBA/pid
  log file = $SAMBA/log/log.%m
  ncalrpc dir = $SAMBA/ncalrpc
  map to guest = never
  load printers = no
  disable spoolss = yes
  smb ports = 445
[share]
  path = $SHARE
  read only = no
  force user = root
CONF
  printf 'secret\nsecret\n' | smbpasswd -c "$SAMBA_CONFIG" -a -s root >/dev/null
  setsid ip netns exec "$SAMBA_NS" smbd -F --no-process-group -s "$SAMBA_CONFIG" >"$SAMBA/log/out" 2>&1 &
  SMBD=$! # in a session of its own: on SIGTERM it ends its whole process group
  for _ in $(seq 300); do
    samba_as 2 -c ls >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  echo "Samba did not start" >&2
  return 1
}

samba_as() {
  local ns=CLIENT$1_NS
  shift
  timeout 60 ip netns exec "${!ns}" smbclient "//${SAMBA_ADDRESS:-$SERVER}/share" -s "$SAMBA_CONFIG" -U root%secret -t 4 "$@"
}

samba_stop() {
  [ -z "${SMBD:-}" ] || { kill "$SMBD" && wait "$SMBD"; } 2>/dev/null || true
  for ns in "${SAMBA_NS:-}" "${CLIENT1_NS:-}" "${CLIENT2_NS:-}"; do
    [ -z "$ns" ] || ip netns del "$ns" 2>/dev/null || true
  done
}
