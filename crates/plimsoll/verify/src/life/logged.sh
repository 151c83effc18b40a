# Runs a command, and adds what it prints to /verify/log. It prints into a pipe: a program that opens /dev/stderr again, as
# `tee /dev/stderr` does, would empty a file.
end='::closed'
{
    "$@" 2>&1
    status=$?
    # A process that the command left behind keeps the pipe open.
    printf '\n%s\n' "$end"
    exit $status
} | sed --unbuffered "/^$end\$/Q" >>/verify/log
exit "${PIPESTATUS[0]}"
