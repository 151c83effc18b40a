# Builds SOURCE, a Go program, with the compiler and libraries of the root LOWER, and puts it at PROGRAM. The root stays as it is.
#
# FOLDER: an empty folder.
set -eu
mount -t tmpfs tmpfs "$FOLDER"
mkdir "$FOLDER/upper" "$FOLDER/work" "$FOLDER/root"
R=$FOLDER/root
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$FOLDER/upper,workdir=$FOLDER/work" "$R"
mount --rbind /dev "$R/dev"
mount --rbind /proc "$R/proc"
printf %s "$SOURCE" >"$R/program.go"
chroot "$R" env -i PATH=/usr/bin:/bin HOME=/root GO111MODULE=off CGO_ENABLED=0 GOPATH=/usr/share/gocode \
    timeout --kill-after=5 300 go build -o /program /program.go
cp "$R/program" "$PROGRAM.unfinished"
mv "$PROGRAM.unfinished" "$PROGRAM"
