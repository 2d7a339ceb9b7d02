"""Says whether the folder is there."""

import glob

print("folder of joblib:", "left behind" if glob.glob("joblib_memmapping_folder_*") else "removed")
