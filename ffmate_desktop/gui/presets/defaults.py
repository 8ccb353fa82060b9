"""Default values of fields for a first-time user."""

from uuid import UUID

DEFAULT_PRESET = UUID("670a976e-c727-5f7e-93e0-597360bd2519")
"""H.264 web 1080p: plays everywhere."""

DEFAULT_PRESET_NAME = "H.264 web 1080p"
DEFAULT_COMMAND = "-i ${INPUT_FILE} -c:v libx264 -crf 20 -c:a aac ${OUTPUT_FILE}"
DEFAULT_OUTPUT_NAME = "${INPUT_FILE_BASENAME}_new.mp4"
NEXT_TO_INPUT = "${INPUT_FILE_DIR}"
