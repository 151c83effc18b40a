# Runs a command, and adds what it prints to /verify/log. It prints into a pipe: whoever opens /dev/stderr once more, as
# `tee /dev/stderr` does, would empty a file.
end='::closed'
{
    "$@" 2>&1
    status=$?
    # Whatever the command has left running keeps the pipe open.
    printf '\n%s\n' "$end"
    exit $status
} | sed --unbuffered "/^$end\$/Q" >>/verify/log
exit "${PIPESTATUS[0]}"
