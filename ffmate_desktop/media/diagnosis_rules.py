"""What ffmpeg's messages mean, as a table: pattern → sentence, next step, and who may try again.

The patterns are searched in log lines without addresses and levels (`[h264_nvenc] Cannot load libcuda.so.1`). They
cover the wording of ffmpeg 5 to 9. The first matching rule wins, so causes come before their consequences.
"""

import re
from dataclasses import dataclass
from functools import cache

from ffmate_desktop.media.exit_codes import (
    BUILD_HINT,
    CHECK_DISK,
    CHECK_INPUT,
    FREE_SPACE,
    FULL_PATHS,
    STOPPED_FROM_OUTSIDE,
    RetryAdvice,
)


@dataclass(frozen=True)
class Rule:
    """`sentence` and `hint` can use the groups of `pattern`. `{input}` and `{output}` are the file names in quotes.

    `{remote}` is the output if that failed to open, otherwise the input.
    """

    pattern: str
    sentence: str
    hint: str
    retry: RetryAdvice = RetryAdvice.NO
    blames_input: bool = False

    def search(self, text: str) -> re.Match[str] | None:
        """Find the pattern. It is compiled on the first failed task, to keep the program's start fast."""
        return _compiled(self.pattern).search(text)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


_GPU_HINT = (
    "Install its driver, run the task on a node with this hardware, or use an encoder such as libx264."
)
_COPY_HINT = "The copy, download or recording probably didn't finish. Get the file again."
_VALUES_HINT = "“ffmpeg -h encoder=NAME” lists the values it accepts."

RULES: tuple[Rule, ...] = (
    # The computer
    Rule(r"No space left on device|Disk quota exceeded|not enough space on the disk",
         "The disk is full.", FREE_SPACE, RetryAdvice.LATER),
    Rule(r"Read-only file system",
         "The output's disk is read-only on this node.",
         "Mount it as writable, or choose another output folder.",
         RetryAdvice.OTHER_NODE),
    Rule(r"File too large",
         "The output's file system can't hold a file this large.", "Choose a disk that isn't formatted with FAT."),
    Rule(r"OpenEncodeSessionEx failed: (?:out of memory|incompatible client key)",
         "The graphics card can't run any more encodes at once.", "Run fewer tasks at once on this node.",
         RetryAdvice.LATER),
    Rule(r"Cannot allocate memory|malloc of size \d+ failed|Out of memory",
         "There wasn't enough memory.", "Run fewer tasks at once on this node.", RetryAdvice.LATER),
    Rule(r"error while loading shared libraries: (?P<library>[^:\n]+)",
         "ffmpeg doesn't start on this node: {library} is missing.",
         "Install it, or use the bundled ffmpeg.",
         RetryAdvice.OTHER_NODE),
    # Hardware
    # The bundled ffmpeg loads these libraries on first use, and aborts if they are missing.
    Rule(r"implib-gen: (?P<library>\S+): failed to load library",
         "This computer can't use the hardware or device that the command needs: {library} is missing.",
         _GPU_HINT, RetryAdvice.OTHER_NODE),
    Rule(r"Cannot load (?:lib)?(?:cuda|nvcuda|nvidia-encode|nvEncodeAPI|nvcuvid)|No NVENC capable devices|"
         r"No capable devices found|OpenEncodeSessionEx failed|required nvenc API version|CUDA_ERROR_\w+",
         "This computer can't use NVIDIA hardware (NVENC, CUDA).", _GPU_HINT, RetryAdvice.OTHER_NODE),
    Rule(r"MFX session", "This computer can't use Intel Quick Sync hardware.", _GPU_HINT, RetryAdvice.OTHER_NODE),
    Rule(r"No VA display found|Failed to initialise VAAPI|vaInitialize",
         "This computer can't use VAAPI hardware.", _GPU_HINT, RetryAdvice.OTHER_NODE),
    Rule(r"amfrt64\S* failed to open|\(AMF\)", "This computer can't use AMD hardware (AMF).", _GPU_HINT,
         RetryAdvice.OTHER_NODE),
    Rule(r"[Cc]annot create compression session|VTCompressionSession",
         "This Mac's video hardware can't encode this.", _GPU_HINT, RetryAdvice.OTHER_NODE),
    Rule(r"Device creation failed|No device available for (?:de|en)coder|[Dd]evice setup failed|VK_ERROR_\w+",
         "This computer doesn't have the hardware that the command needs.", _GPU_HINT, RetryAdvice.OTHER_NODE),
    # What the build of ffmpeg includes
    Rule(r"Unknown encoder '(?P<name>[^']*)'", "This node's ffmpeg has no encoder “{name}”.", BUILD_HINT,
         RetryAdvice.OTHER_NODE),
    Rule(r"Unknown decoder '(?P<name>[^']*)'", "This node's ffmpeg has no decoder “{name}”.", BUILD_HINT,
         RetryAdvice.OTHER_NODE),
    Rule(r"Automatic encoder selection failed.*[Ff]or(?:mat)? (?P<format>\S+)",
         "This node's ffmpeg has no encoder for the format “{format}”.",
         "Choose an encoder with -c:v or -c:a.",
         RetryAdvice.OTHER_NODE),
    Rule(r"No such filter: '(?P<name>[^']*)'", "This node's ffmpeg has no filter “{name}”.", BUILD_HINT,
         RetryAdvice.OTHER_NODE),
    Rule(r"bitstream filter sequence '(?P<name>[^']*)'", "The bitstream filter “{name}” can't be used.",
         BUILD_HINT, RetryAdvice.OTHER_NODE),
    Rule(r"Decoder \(codec (?P<name>\S+)\) not found|no decoder found for: (?P<other>\S+)",
         "This node's ffmpeg can't decode the input.", "Try another build of ffmpeg.", RetryAdvice.OTHER_NODE),
    Rule(r"Unrecognized hwaccel: (?P<name>\S+?)\.?$", "This node's ffmpeg has no hardware acceleration “{name}”.",
         _GPU_HINT,
         RetryAdvice.OTHER_NODE),
    # The command line
    Rule(r"Unrecognized option '(?P<name>[^']*)'", "ffmpeg doesn't know the option -{name}.",
         "Check the spelling, and whether a value is missing."),
    Rule(r"Option (?P<name>\S+) \(.*\) cannot be applied to (?P<kind>input|output) url (?P<url>.+?) --",
         "The option -{name} is in front of the wrong file.",
         "An option applies to the file after it. Put output options after the last -i."),
    Rule(r"Codec AVOption (?P<name>\S+) .* is not an? (?:de|en)coding option",
         "The option -{name} is in front of the wrong file.",
         "An option applies to the file after it. Put output options after the last -i."),
    Rule(r"Missing argument for option '(?P<name>[^']*)'", "The option -{name} has no value.",
         "Add the value after it."),
    Rule(r"Invalid duration (?:for option|specification for) (?P<name>\S+): (?P<value>.*)",
         "“{value}” isn't a valid time for the option -{name}.",
         "Use seconds (12.5) or hours:minutes:seconds (00:01:30)."),
    Rule(r"At least one output file must be specified", "The command has no output file.",
         "Add ${{OUTPUT_FILE}} at the end."),
    Rule(r"Unknown input format: '(?P<name>[^']*)'", "ffmpeg doesn't know the input format “{name}”.",
         "Check the -f before the -i."),
    Rule(r"Requested output format '(?P<name>[^']*)' is not (?:known|a suitable)",
         "ffmpeg doesn't know the output format “{name}”.", "Check the -f before the output."),
    Rule(r"Unable to (?:choose an|find a suitable) output format for '(?P<file>[^']*)'",
         "ffmpeg can't tell the format of “{file}” from its name.",
         "Use a common extension such as .mp4, or add -f FORMAT in front of the output."),
    Rule(r"Filtergraph '(?P<name>[^']*)' was (?:specified|defined).*copy",
         "The filter “{name}” can't be applied to a copied stream.",
         "Choose an encoder (-c:v libx264), or remove the filter."),
    Rule(r"Failed to set value '(?P<map>[^']*)' for option 'map'|"
         r"Stream map '(?P<stream>[^']+)' matches no streams",
         "The input has no stream “{map}{stream}”, but -map selects it.",
         "Add a ? to make the stream optional: -map 0:s?"),
    Rule(r"Invalid input file index: (?P<index>\d+)|Invalid file index (?P<other>\d+) in filtergraph",
         "The command refers to input {index}{other}, which doesn't exist.",
         "Inputs are numbered from 0."),
    Rule(r"Output with label '(?P<name>[^']*)' does not exist", "No filter has an output named [{name}].",
         "Check the names in brackets in -filter_complex and -map. Each can be used only once."),
    Rule(r"Output file (?:#\d+ )?does not contain any stream",
         "The output would be empty: none of the input's streams are used.",
         "Check -map, -vn, -an and -sn, and whether the format supports these streams."),
    # Filters
    Rule(r"Error applying option '(?P<option>[^']*)' to filter '(?P<name>[^']*)': (?P<reason>.*)",
         "The filter “{name}” doesn't accept “{option}” ({reason}).",
         "“ffmpeg -h filter={name}” lists its options."),
    Rule(r"\[Parsed_(?P<name>[a-z0-9]+)_\d+\] Option '(?P<option>[^']*)' not found",
         "The filter “{name}” has no option “{option}”.", "“ffmpeg -h filter={name}” lists its options."),
    Rule(r"\[Parsed_(?:subtitles|ass)_\d+\] .*(?:Unable to|Could not|Can't) open (?P<file>.+)",
         "The subtitle file “{file}” can't be opened.",
         "Use its full path, escaped for filters: ${{INPUT_FILE|filter}}",
         RetryAdvice.OTHER_NODE),
    Rule(r"Cannot find a valid font|Could not load font|Error opening font|No font filename provided",
         "A font that the command needs is missing on this node.",
         "Install it, or name a font file: fontfile=…",
         RetryAdvice.OTHER_NODE),
    Rule(r"\[Parsed_(?P<name>[a-z0-9]+)_\d+\] "
         r".*(?:Unable to|Could not|Can't|Failed to|Cannot) (?:open|read|load|avformat_open_input) "
         r"(?:(?:stats )?file )?'?(?P<file>(?:[A-Za-z]:)?[^:'\n]+)",
         "The filter “{name}” can't open “{file}”.", "Use the full path of the file.", RetryAdvice.OTHER_NODE),
    Rule(r"\[Parsed_(?P<name>[a-z0-9]+)_\d+\] (?P<file>(?:[A-Za-z]:)?[^:\n]+): "
         r"(?:No such file or directory|Permission denied|Is a directory)$",
         "The filter “{name}” can't open “{file}”.", "Use the full path of the file.", RetryAdvice.OTHER_NODE),
    Rule(r"Rescaled dimensions (?P<size>\S+) are invalid|"
         r"too big or non positive size(?: for width '| )(?P<other>[^',]*)|"
         r"Picture size (?P<picture>\S+) is invalid",
         "A filter produces a picture of an invalid size ({size}{other}{picture}).",
         "Check the numbers in scale, crop and pad."),
    Rule(r"Error parsing filterchain '(?P<filter>.*)' around|No option name near '(?P<near>[^']*)'|"
         r"Bad \(empty\?\) label found in the following: \"(?P<label>.*)\"|"
         r"Error parsing a filter description|Error binding filtergraph|unconnected|"
         r"Unable to parse graph description|"
         r"Cannot find a matching stream for unlabeled",
         "The filter “{filter}{near}{label}” has a syntax error.",
         "Write name=option=value:option=value. Commas separate filters; inside a value, they need a \\."),
    Rule(r"Impossible to convert between the formats supported by",
         "A filter and the encoder don't work together.",
         "Hardware encoders need frames on their device. For VAAPI, add -vf format=nv12,hwupload"),
    # Encoders and containers
    Rule(r"Value (?P<value>\S+) for parameter '(?P<name>[^']*)' out of range (?P<range>\[.*\])",
         "{value} is out of range for -{name}: {range}.", "Choose a value in that range."),
    Rule(r"Error setting option (?P<name>\S+) to value (?P<value>.*?)\.?$|"
         r"Unable to parse \"(?P<other>[^\"]*)\" option value \"(?P<text>[^\"]*)\"",
         "“{value}{text}” isn't a valid value for -{name}{other}.", _VALUES_HINT),
    Rule(r"(?:width|height) not divisible by \d+ \((?P<size>\d+x\d+)\)|"
         r"(?P<bad>\d+x\d+).*must be (?:even|a multiple of 2)",
         "The picture is {size}{bad} pixels, but the encoder needs even numbers.",
         "Add -vf \"scale=trunc(iw/2)*2:trunc(ih/2)*2\", or use -2 instead of -1 in scale."),
    Rule(r"invalid preset '(?P<name>[^']*)'", "The encoder has no preset “{name}”.", _VALUES_HINT),
    Rule(r"(?P<name>\S+) profile doesn't support|Error setting profile (?P<other>\S+?)\.?$|Unsupported profile",
         "The encoder can't use the profile {name}{other} for these pictures.",
         "Add -pix_fmt yuv420p, or choose another profile."),
    Rule(r"Unknown pixel format requested: (?P<name>\S+?)\.?$|Specified pixel format (?P<other>\S+) is",
         "The pixel format “{name}{other}” isn't supported here.", "Try -pix_fmt yuv420p"),
    Rule(r"Specified (?P<what>sample rate|channel layout|sample format) '?(?P<value>[^' ]+)"
         r".*not supported(?: by the (?P<name>\S+))?",
         "The encoder {name} doesn't support the {what} {value}.", "Try -ar 48000 -ac 2"),
    Rule(r"Invalid frame size: (?P<value>.*?)\.?$", "“{value}” isn't a valid picture size.",
         "Use WIDTHxHEIGHT, such as -s 1280x720"),
    Rule(r"CRF/CQP is incompatible with 2pass|ratecontrol_init|can't open stats file|Error reading log file",
         "The second pass failed.",
         "Both passes need the same -b:v (not -crf) in one task, and the first one needs -pass 1 -f null"),
    Rule(r"Could not find tag for codec (?P<codec>\S+) in stream",
         "The output format doesn't support {codec}.",
         "Choose another codec, or another extension such as .mkv"),
    Rule(r"(?P<what>Only .* are supported for WebM)|[Tt]ag \S+ incompatible with output codec|"
         r"muxer (?:supports only|does not support)|Unsupported codec|Exactly one \S+ \S+ stream is required",
         "The output format doesn't support one of the codecs.",
         "Choose another codec, or another extension such as .mkv"),
    Rule(r"Cannot write more than one file with the same name",
         "The output is a single picture, but the command makes several.",
         "Add -frames:v 1 to write one picture, or number the name to write all: picture_%04d.png"),
    Rule(r"Too many packets buffered for output stream", "One stream got too far ahead of another.",
         "Add -max_muxing_queue_size 4096"),
    # Files written next to the output
    Rule(r"Filename (?P<file>.+) is unsafe",
         "ffmpeg refuses to save an attachment as “{file}”, the name stored in the input.",
         "Choose the file name yourself: -dump_attachment:t:0 FILE"),
    Rule(r"Could not open file (?P<file>.+) for writing|Cannot write log file '(?P<log>[^'\n]*)'|"
         r"Error opening stats file '(?P<stats>[^'\n]*)'|\[(?:hls|dash|segment|stream_segment)\] "
         r"Failed to open file '(?P<segment>[^'\n]*)'",
         "“{file}{log}{stats}{segment}”, an extra file that the command writes, can't be written.",
         "Check that its folder exists on this node and is writable.", RetryAdvice.OTHER_NODE),
    Rule(r"^fopen: ", "The file named by -vstats_file can't be written.",
         "Check that its folder exists on this node and is writable.", RetryAdvice.OTHER_NODE),
    Rule(r"Could not open attachment file (?P<file>.+?)\.?$", "The attachment “{file}” can't be opened.",
         "Use the full path of the file.", RetryAdvice.OTHER_NODE),
    Rule(r"Error reading the value for option '(?P<name>[^']*)' from file: (?P<file>.+)",
         "The option -{name} reads “{file}”, which can't be opened.", "Use the full path of the file.",
         RetryAdvice.OTHER_NODE),
    # Inputs and network
    Rule(r"Unsafe file name '(?P<file>.*)'", "The list contains “{file}”, which is outside the list's folder.",
         "Add -safe 0 before -i if you trust the list."),
    Rule(r"Failed to resolve hostname (?P<host>\S+?):|getaddrinfo\((?P<other>[^,\n]+),",
         "The host “{host}{other}” can't be found.",
         "Check the address and the network.", RetryAdvice.LATER),
    Rule(r"Connection refused", "The server for {remote} isn't answering (connection refused).",
         "Check that it is running, and on this port.",
         RetryAdvice.LATER),
    Rule(r"[Tt]imed out", "The server for {remote} didn't answer in time.", "Check the network.",
         RetryAdvice.LATER),
    Rule(r"Network is unreachable|No route to host", "The server for {remote} can't be reached.",
         "Check the network.", RetryAdvice.LATER),
    Rule(r"Server returned (?P<code>40\d[^\n]*|4XX[^\n]*)", "The server refused {remote}: {code}.",
         "Check the address and your access rights."),
    Rule(r"Server returned (?P<code>5[^\n]*)", "The server for {remote} reported an error: {code}.",
         "Try again later.", RetryAdvice.LATER),
    Rule(r"Connection to (?P<address>\S+) failed", "The server for {remote} isn't answering.",
         "Check that it is running, and on this port.", RetryAdvice.LATER),
    Rule(r"certificate verify failed|TLS.*[Ff]ailed", "The server's certificate isn't trusted.",
         "Check the address and this computer's clock."),
    Rule(r"Protocol '(?P<name>[^']*)' not on whitelist[^\n]*\n(?:.*\n)*?.*Error opening output",
         "The output needs the protocol “{name}”, which the command doesn't allow.",
         "Add it to -protocol_whitelist before the output."),
    Rule(r"Protocol '(?P<name>[^']*)' not on whitelist",
         "The input needs the protocol “{name}”, which isn't allowed.",
         "If you trust the input, add “{name}” to -protocol_whitelist before -i."),
    Rule(r"[Pp]rotocol not found", "This node's ffmpeg doesn't support this kind of address.",
         "If a file name starts with a word and a colon, put file: in front of it.", RetryAdvice.OTHER_NODE),
    Rule(r"Error opening output (?!files?:)(?P<file>.+): (?:No such file or|Not a) directory|"
         r"^(?P<other>.*\.ffd-.*): No such file or directory$",
         "The folder for {output} doesn't exist.",
         "Check that its disk or network share is connected to this node.", RetryAdvice.OTHER_NODE),
    Rule(r"Error opening output (?!files?:).*: Permission denied|^.*\.ffd-.*: Permission denied$|"
         r"Error opening output (?!files?:).*: Operation not permitted",
         "This node's user isn't allowed to write {output}.", "Change the folder's permissions.",
         RetryAdvice.OTHER_NODE),
    Rule(r"Impossible to open '(?P<file>.*)'", "The list contains “{file}”, which can't be opened.",
         "Use full paths in the list.",
         RetryAdvice.OTHER_NODE),
    Rule(r"Error opening input: No such file or directory|^(?!\[|Failed |Error ).+: No such file or directory$",
         "{input} doesn't exist on this node.",
         FULL_PATHS, RetryAdvice.OTHER_NODE),
    Rule(r"Error opening input: Permission denied|^(?!\[|Failed |Error ).+: Permission denied$",
         "This node's user isn't allowed to read {input}.", "Change its permissions.",
         RetryAdvice.OTHER_NODE),
    Rule(r"Error opening input: Is a directory|^(?!\[|Failed |Error ).+: Is a directory$", "{input} is a folder.",
         "Choose a file in it."),
    Rule(r"misdetection possible!\n(?:.*\n)*?.*moov atom not found",
         "{input} isn't a media file, or it is damaged.", CHECK_INPUT,
         blames_input=True),
    Rule(r"moov atom not found", "{input} is incomplete: its index (moov) is missing.",
         _COPY_HINT, blames_input=True),
    Rule(r"EBML header parsing failed|Error opening input: Invalid data found|Error opening input: End of file|"
         r"^(?!\[|Error |Could not |Failed ).+: Invalid data found when processing input$",
         "{input} isn't a media file, or it is damaged.", CHECK_INPUT,
         blames_input=True),
    Rule(r"Could not find codec parameters for stream \d+ \((?:Video|Audio)|unspecified size",
         "ffmpeg can't tell what {input} contains.",
         "Add -analyzeduration 100M -probesize 100M before -i, or get the file again.", blames_input=True),
    Rule(r"Decode error rate .* exceeds maximum|File ended prematurely|partial file|ends prematurely",
         "{input} is damaged or incomplete.", _COPY_HINT, blames_input=True),
    # Consequences
    Rule(r"Connection reset by peer|Broken pipe", "The connection was lost.", "Check the network.",
         RetryAdvice.RETRY),
    Rule(r"Input/output error", "Reading or writing failed (input/output error).", CHECK_DISK, RetryAdvice.RETRY),
    Rule(r"Stale file handle|Transport endpoint is not connected", "The network share was disconnected.",
         "Reconnect it.",
         RetryAdvice.OTHER_NODE),
    Rule(r"received signal (?P<number>\d+)", "Something outside FFmate Desktop stopped ffmpeg (signal {number}).",
         STOPPED_FROM_OUTSIDE, RetryAdvice.RETRY),
    Rule(r"(?:\[enc:|\[)(?P<name>[a-z0-9_]+)\] Error while opening encoder|Error while opening encoder",
         "The encoder {name} rejected its settings.",
         "Check the bit rate, picture size, frame rate and pixel format."),
    Rule(r"Error (?:writing trailer|closing file)", "ffmpeg couldn't finish writing the output.", CHECK_DISK,
         RetryAdvice.RETRY),
    Rule(r"Could not write header", "ffmpeg can't start the output with these codecs and settings.",
         "Choose another codec, or another extension such as .mkv"),
    Rule(r"non.?monoton\w+ (?:increasing )?dts", "The input's timestamps go backwards.",
         "Add -fflags +genpts before -i, or encode instead of copying."),
)  # fmt: skip
